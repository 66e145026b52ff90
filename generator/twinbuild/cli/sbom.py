"""``twinbuild sbom``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from twinbuild.cli.options import NamedPath, json_option
from twinbuild.cli.outcome import shown
from twinbuild.cli.sbomexport import export
from twinbuild.cli.sbomscan import scan, vex
from twinbuild.codec.amounts import counted

if TYPE_CHECKING:  # start-up is measured
    from collections.abc import Iterator, Sequence

    from twinbuild.describe.sbomelements import Coverage
    from twinbuild.verify.belonging import Reconciliation

__all__ = ["command"]

_LONGEST: Final = 400  # characters of a name that a terminal gets
_SHOWN: Final = 5  # names that a terminal gets; --json has all


@click.group("sbom")
def command() -> None:
    """Check a bill of materials against lists of elements and the image; compare two; export or scan one."""


command.add_command(export)
command.add_command(scan)
command.add_command(vex)


@command.command("check")
@click.argument("document", metavar="DIST|FILE", type=NamedPath(path_type=Path))
@click.option(
    "--standard",
    "standards",
    multiple=True,
    type=click.Choice(["ntia", "cisa", "bsi"]),
    help="Ask for this list alone; may be repeated (default: all three).",
)
@json_option
def check(*, document: Path, standards: tuple[str, ...], as_json: bool) -> None:
    """Say which elements a bill of materials has, and whether it is that of the images (exit 1 where it is not).

    FILE is CycloneDX 1.6 or 1.7 in JSON, by whomever. Of the release in DIST each file of the images must belong to a
    component, and each component's files must be there. Lists of elements: NTIA minimum elements (2021), CISA minimum
    elements (draft of 2025), BSI TR-03183-2 v2.1; a required element that is missing ends with exit 1, too.
    """
    from twinbuild.describe.sbomelements import STANDARDS, coverage
    from twinbuild.pipeline.reading.boms import read_bom
    from twinbuild.pipeline.reading.reconciling import reconcile_release

    found = read_bom(document)
    covered = coverage(found.bom, standards or STANDARDS)
    complete = not any(each.required and each.missing for each in covered)
    images = tuple(reconcile_release(found))
    exact = all(each.exact for each in images)
    if as_json:
        elements, held = [_element(each) for each in covered], [_image(each) for each in images]
        click.echo(json.dumps({"complete": complete, "exact": exact, "elements": elements, "images": held}))
    else:
        for line in (*_table(covered), *(line for each in images for line in _held(each))):
            click.echo(shown(line))
    if not (complete and exact):
        raise click.exceptions.Exit(1)


@command.command("diff")
@click.argument("first", metavar="A", type=NamedPath(path_type=Path))
@click.argument("second", metavar="B", type=NamedPath(path_type=Path))
@click.option("--markdown", is_flag=True, help="Print a report for a pull request.")
@json_option
def diff(*, first: Path, second: Path, markdown: bool, as_json: bool) -> None:
    """Compare the components of two bills of materials (exit 1 on a difference).

    A and B are directories of releases, or CycloneDX 1.6 or 1.7 in JSON. Other bytes under the same name and version
    are marked as suspicious. Serial number, time and order are no difference.
    """
    from dataclasses import asdict

    from twinbuild.describe.sbomdiff import bom_changes, changes_markdown, changes_table
    from twinbuild.pipeline.reading.boms import read_bom

    if markdown and as_json:
        raise click.UsageError("--markdown and --json were both given, expected one")
    one, other = (read_bom(each).bom for each in (first, second))
    changes = bom_changes(one, other)
    if as_json:
        click.echo(json.dumps({"equal": not changes, "changes": [asdict(each) for each in changes]}))
    elif markdown:
        for line in changes_markdown(changes, names=(str(first), str(second))):
            click.echo(shown(line))
    else:
        for line in changes_table(changes):
            click.echo(shown(line))
    if changes:
        raise click.exceptions.Exit(1)


def _element(each: Coverage) -> dict[str, object]:
    return {
        "standard": each.standard,
        "element": each.element,
        "required": each.required,
        "source": each.source,
        "field": each.field,
        "asked": each.asked,
        "have": each.have,
        "missing": each.missing,
    }


def _table(covered: tuple[Coverage, ...]) -> Iterator[str]:
    widest = max(len(each.element) for each in covered)
    where = max(len(each.source) for each in covered)
    for each in covered:
        lacking = "" if not each.missing else "  missing" if each.required else "  missing, where it exists"
        yield f"{each.source:{where}}  {each.element:{widest}}  {each.have:>5} of {each.asked}{lacking}"
        for name in each.missing[:_SHOWN]:
            yield f"{'':{where}}    {_brief(name)}"
        if len(each.missing) > _SHOWN:
            yield f"{'':{where}}    and {len(each.missing) - _SHOWN} more, which --json lists"


def _image(each: Reconciliation) -> dict[str, object]:
    (precision, recall), (packages, listed) = each.file_figures, each.package_figures
    return {
        "image": each.image,
        "digest": each.digest,
        "files": {"count": each.files, "of_components": each.claimed, "precision": precision, "recall": recall},
        "packages": {"count": each.packages, "precision": packages, "recall": listed},
        "explained": dict(each.explained),
        "unexplained": each.unexplained,
        "missing": [{"component": title, "path": path} for title, path in each.missing],
        "changed": [{"component": title, "path": path} for title, path in each.changed],
        "empty": each.empty,
        "unlisted": each.unlisted,
        "unpinned": each.unpinned,
        "bundled": [{"in": outer, "distribution": inner} for outer, inner in each.bundled],
    }


def _held(each: Reconciliation) -> Iterator[str]:
    yield ""
    yield f"image {each.image}  {each.digest}"
    (precision, recall), (packages, listed) = each.file_figures, each.package_figures
    explained = sum(each.explained.values())
    counts = f"{counted(each.files, 'file')}, {explained} explained, {len(each.unexplained)} unexplained"
    yield f"  {counts}; {counted(each.packages, 'package')}, {len(each.empty)} without files"
    for rule, count in each.explained.items():
        yield f"  {count:>8}  {rule}"
    yield f"  files     precision {_figure(precision)}  recall {_figure(recall)}"
    yield f"  packages  precision {_figure(packages)}  recall {_figure(listed)}"
    yield from _some("no component explains", each.unexplained)
    yield from _some("a component's file that is not there", [f"{path} ({title})" for title, path in each.missing])
    yield from _some("a component's file of other bytes", [f"{path} ({title})" for title, path in each.changed])
    yield from _some("a component of which nothing is there", each.empty)
    yield from _some("a package that is no component", each.unlisted)
    yield from _some("bill and lock differ", each.unpinned)
    yield from _some("inside of a wheel, and part of it", [f"{inner} (in {outer})" for outer, inner in each.bundled])


def _brief(name: str) -> str:
    """As much of a name as a line has room for; whoever wrote the document chose it."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _figure(share: float) -> str:
    """Rounded down: 1.0000 is exact."""
    return f"{int(share * 10_000) / 10_000:.4f}"


def _some(what: str, names: Sequence[str]) -> Iterator[str]:
    yield from (f"  {what}: {_brief(name)}" for name in names[:_SHOWN])
    if len(names) > _SHOWN:
        yield f"  {what}: and {len(names) - _SHOWN} more, which --json lists"
