"""``twinbuild init``."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.families import catalogue_option, catalogues_of, family_names, family_table, settings_option
from twinbuild.cli.options import NamedPath, json_option
from twinbuild.cli.outcome import shown

if TYPE_CHECKING:
    from twinbuild.model.family import Written

__all__ = ["command"]


@click.command("init")
@json_option
@click.option(
    "--family",
    "family",
    default="",
    metavar="FAMILY[@VERSION]",
    shell_complete=family_names,
    help="Begin with the template of this family of models.",
)
@settings_option
@catalogue_option
@click.option("--list", "listed", is_flag=True, help="List the families that there are.")
@click.argument("directory", type=NamedPath(path_type=Path, file_okay=False), default=Path(), required=False)
def command(
    *,
    directory: Path,
    family: str,
    given: tuple[tuple[str, str], ...],
    catalogues: tuple[Path, ...],
    listed: bool,
    as_json: bool,
) -> None:
    """Write a first release.yaml, and a service that runs as it is, into DIRECTORY (default: the current one).

    With --family it is a service for that family of models, with a small trained model and its tests.
    """
    if listed:
        click.echo(family_table(catalogues_of(catalogues), as_json=as_json))
        return
    if (given or catalogues) and not family:
        raise click.UsageError("--set and --catalogue are about families: name one with --family.")
    from twinbuild.pipeline.family.beginning import kept_files, lacking_rules

    today, committed = _dated(directory)
    if family:
        files, names = _of_family(directory, family, dict(given), catalogues, today=today, committed=committed)
    else:
        files, names = _first(directory, today=today, committed=committed)
    written, kept = ([str(directory / name) for name in each] for each in (names, kept_files(directory, files)))
    rules = lacking_rules(directory, files)
    if as_json:
        click.echo(json.dumps({"written": written, "kept": kept, "to_ignore": rules}))
        return
    for path in written:
        click.echo(f"{shown(path)} written")
    for path in kept:
        click.echo(f"{shown(path)} stays as it is")
    if rules:  # what is made there would be committed
        click.echo(shown(f"add to {directory / '.gitignore'} first: {' '.join(rules)}"))
    place = f"./{directory}" if str(directory).startswith("-") else str(directory)  # no option
    where = "" if directory == Path() else f" {shlex.quote(shown(place))}"
    if committed:  # the commit dates the release, so all that it is made of is committed first, its lock too
        place = where or " ."
        click.echo(f"next: twinbuild lock{where}, git add{place}, git commit, twinbuild release{where}")
    else:
        click.echo(f"next: twinbuild release{where}, then twinbuild run{where}")


def _first(directory: Path, *, today: str, committed: bool) -> tuple[tuple[Written, ...], tuple[str, ...]]:
    """The files that belong there, and the paths of those that were written."""
    from twinbuild.pipeline.family.starting import first_files, write_first_files

    directory.mkdir(parents=True, exist_ok=True)
    files = first_files(directory.absolute().name, today=today, committed=committed)
    return files, write_first_files(directory, files)


def _of_family(
    directory: Path, name: str, given: dict[str, str], catalogues: tuple[Path, ...], *, today: str, committed: bool
) -> tuple[tuple[Written, ...], tuple[str, ...]]:
    import sys

    from twinbuild.pipeline.family.beginning import project_files, write_project
    from twinbuild.pipeline.family.families import find_family
    from twinbuild.process.runner import SubprocessRunner

    files = project_files(
        find_family(name, catalogues_of(catalogues)),
        given,
        directory_name=directory.absolute().name,
        today=today,
        committed=committed,
        runner=SubprocessRunner(),
        interpreter=Path(sys.executable),
    )
    return files, write_project(directory, files)


def _dated(directory: Path) -> tuple[str, bool]:
    """Today (UTC), and whether the place where a project is to lie has a source commit."""
    from datetime import UTC, datetime

    from twinbuild.process.runner import SubprocessRunner
    from twinbuild.resolve.git import source_commit

    above = next(each for each in (directory.absolute(), *directory.absolute().parents) if each.is_dir())
    return f"{datetime.now(UTC):%Y-%m-%d}", source_commit(above, SubprocessRunner()) is not None
