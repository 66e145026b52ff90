"""``twinbuild diff``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from twinbuild.cli.kept import from_archive_option, laid_out_pair
from twinbuild.cli.options import NamedPath, json_option

__all__ = ["command"]


@click.command("diff")
@click.argument("first", metavar="A", type=NamedPath(path_type=Path))
@click.argument("second", metavar="B", type=NamedPath(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "markdown"]),
    default="table",
    show_default=True,
    help="Form of the output; Markdown suits a pull request.",
)
@from_archive_option
@click.option("--no-files", is_flag=True, help="Do not read the layers that differ.")
@json_option
def command(*, first: Path, second: Path, place: str | None, form: str, no_files: bool, as_json: bool) -> None:
    """Show what two releases do not share, by section, with the risk of each change (exit 1 on a difference).

    A and B are a release's directory, a manifest.json, or a spec (its last release); with --archive they are names or
    digests of archived releases, and what has a slash in it is a path. Differences and risks are those
    of `parity`; where both images are there, their layers and files are compared as well.
    """
    from twinbuild.pipeline.explain.diff import release_diff
    from twinbuild.pipeline.explain.difftold import diff_json, diff_markdown, diff_table

    with laid_out_pair(place, (first, second), layers=not no_files) as sides:
        found = release_diff(*sides, files=not no_files)
    if as_json or form == "json":
        click.echo(json.dumps(diff_json(found)))
    else:
        for line in diff_markdown(found) if form == "markdown" else diff_table(found):
            click.echo(line)
    if not found.same:
        raise click.exceptions.Exit(1)
