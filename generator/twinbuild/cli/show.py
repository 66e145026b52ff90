"""``twinbuild show``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import json_option

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.pipeline.reading.released import Released

__all__ = ["command"]


_SHOWN = 12  # parts of a value that a terminal gets; --json has all


def _some(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value == "":
        example = "a section such as rollout" if parameter.name == "section" else "a pointer such as /serving/user/uid"
        raise click.BadParameter(f"got '', expected {example}")
    return value


@click.command("show")
@click.option("--section", metavar="NAME", callback=_some, help="Print this section alone, such as rollout.")
@click.option("--why", metavar="POINTER", callback=_some, help="Say where a value is from, such as /serving/user/uid.")
@json_option
@click.argument("release", metavar="DIST|FILE|SPEC", type=click.Path(path_type=Path), default=Path(), required=False)
def command(*, release: Path, section: str | None, why: str | None, as_json: bool) -> None:
    """Print the release manifest of a release: everything that was decided, as YAML.

    Names a release's directory, a manifest.json, or a spec, whose last release is meant. Needs neither network nor
    store.
    """
    from twinbuild.codec.canonical import Json
    from twinbuild.codec.yamltext import as_yaml
    from twinbuild.describe.people import manifest_yaml
    from twinbuild.errors import UsageError
    from twinbuild.pipeline.reading.released import read_release

    if section is not None and why is not None:
        raise click.UsageError(
            "--section and --why were both given, expected one: --why takes a pointer into any section"
        )
    found = read_release(release)
    document = found.document
    if why is not None:
        _explain(found, why, as_json=as_json)
        return
    value: Json = document
    if section is not None:
        if section not in document:
            import difflib

            known = sorted(document)
            near = difflib.get_close_matches(section, known, n=1)
            raise UsageError.of(
                "TB7006",
                f"the release manifest has no section {section[:80]!r}",
                hint=f"did you mean {near[0]!r}?" if near else f"name one of {', '.join(known)}",
                where=str(found.path),
            )
        value = document[section]
    if as_json:
        click.echo(json.dumps({"release": str(found.digest), "manifest": value}))
        return
    if section is not None:
        click.echo(as_yaml(value), nl=False)
    else:
        click.echo(f"# release {found.digest}")
        click.echo(manifest_yaml(found.content).decode(), nl=False)


def _explain(release: Released, where: str, *, as_json: bool) -> None:
    """Print a value's source: file and pointer, default, or tool."""
    from twinbuild.cli.outcome import shown
    from twinbuild.pipeline.reading.explaining import explained

    value, found = explained(release, where)
    if as_json:
        parts = [{"pointer": at, "source": source} for at, source in found.parts]
        click.echo(json.dumps({"pointer": where, "value": value, "source": found.source, "parts": parts}))
        return
    click.echo(shown(f"{where} = {json.dumps(value, ensure_ascii=False)}"))
    if not found.parts:
        click.echo(shown(f"  {found.source}"))
        return
    click.echo(shown(f"  {found.source}; but parts of it have other sources:" if found.source else "  by its parts:"))
    for at, source in found.parts[:_SHOWN]:
        click.echo(shown(f"  {at}  {source}"))
    if len(found.parts) > _SHOWN:
        click.echo(f"  and {len(found.parts) - _SHOWN} more, which --json lists")
