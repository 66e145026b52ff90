"""``twinbuild report``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from twinbuild.cli.kept import from_archive_option, laid_out
from twinbuild.cli.options import NamedPath, page_options

__all__ = ["command"]


@click.command("report")
@click.argument("release", metavar="DIST|FILE|SPEC", type=NamedPath(path_type=Path))
@click.option(
    "--output", required=True, type=NamedPath(path_type=Path, dir_okay=False), metavar="FILE", help="The page."
)
@from_archive_option
@page_options
def command(
    *,
    release: Path,
    output: Path,
    place: str | None,
    log: Path | None,
    keys: tuple[Path, ...],
    rebuilt: tuple[Path, ...],
    no_files: bool,
    as_json: bool,
) -> None:
    """Write the page of a release: one file of HTML that loads nothing.

    Its text is made of the release alone, so that the same release gives the same bytes. Where a key
    signed it that --key names, the signature must be good and the release whole (exit 8 and 5); other signatures and
    the entries of an audit log are shown as they lie there.
    """
    from twinbuild.cli.keyfile import public_key
    from twinbuild.cli.outcome import shown
    from twinbuild.describe.site.cells import amount
    from twinbuild.pipeline.site.layers import Layers
    from twinbuild.pipeline.site.reading import published, read_trail
    from twinbuild.pipeline.site.rebuilders import heard_below
    from twinbuild.pipeline.site.writing import write_report

    trail = read_trail(log) if log is not None else ("", {})
    with laid_out(place, release, layers=bool(keys) or not no_files) as directory:
        trusted = tuple(public_key(path) for path in keys)
        layers = None if no_files else Layers()
        found = published(directory, trail, trusted, layers=layers, heard=heard_below(rebuilt))
    size = write_report(found, output)
    if as_json:
        click.echo(json.dumps({"release": str(found.digest), "output": str(output), "size": size}))
        return
    click.echo(f"release  {found.name} {found.version}  {found.digest}")
    click.echo(f"page     {shown(output)}, {amount(size)}")
