"""``twinbuild site``."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import click

from twinbuild.cli.kept import kept_archive
from twinbuild.cli.options import NamedPath, page_options
from twinbuild.codec.amounts import counted

__all__ = ["command"]


@click.command("site")
@click.argument("places", metavar="DIST...", nargs=-1, type=NamedPath(path_type=Path))
@click.option(
    "--output", required=True, type=NamedPath(path_type=Path), metavar="DIR", help="The catalogue's directory."
)
@click.option(
    "--archive",
    "place",
    type=NamedPath(path_type=str),
    metavar="DIR|oci://REPOSITORY",
    help="All releases of this archive, in the place of directories.",
)
@page_options
def command(
    *,
    places: tuple[Path, ...],
    place: str | None,
    output: Path,
    log: Path | None,
    keys: tuple[Path, ...],
    rebuilt: tuple[Path, ...],
    no_files: bool,
    as_json: bool,
) -> None:
    """Write a catalogue of releases: a page for each, and what changed between any two of a name.

    DIST is the directory of a release, or a directory with releases in it. The pages need no server and load nothing.
    DIR is replaced as a whole. What a key signed that --key names must be good (exit 8 and 5), or nothing is written.
    """
    from twinbuild.cli.keyfile import public_key
    from twinbuild.cli.outcome import shown
    from twinbuild.describe.site.cells import amount
    from twinbuild.pipeline.site.archived import archived_sources
    from twinbuild.pipeline.site.finding import releases_below
    from twinbuild.pipeline.site.layers import Layers
    from twinbuild.pipeline.site.reading import published, read_trail
    from twinbuild.pipeline.site.rebuilders import heard_below
    from twinbuild.pipeline.site.writing import write_site

    layers = None if no_files else Layers()
    trail = read_trail(log) if log is not None else ("", {})
    heard = heard_below(rebuilt)
    trusted = tuple(public_key(path) for path in keys)
    if bool(places) == (place is not None):
        raise click.UsageError("expected directories of releases, or --archive in their place")
    if place is None:
        read = partial(published, trail=trail, keys=trusted, layers=layers, heard=heard)
        made = write_site((partial(read, each) for each in releases_below(places)), output)
    else:
        with kept_archive(place) as (archive, scratch):
            kept = archived_sources(archive, scratch, trail, trusted, layers=layers, heard=heard)
            made = write_site(kept, output)
    if as_json:
        document = {"releases": made.releases, "names": made.names, "pages": made.pages, "size": made.size}
        click.echo(json.dumps({"output": str(output), **document}))
        return
    click.echo(f"releases {made.releases} of {counted(made.names, 'name')}")
    click.echo(f"pages    {made.pages}, {amount(made.size)}")
    click.echo(f"output   {shown(output / 'index.html')}")
