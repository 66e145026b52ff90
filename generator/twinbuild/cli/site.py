"""``twinbuild site``."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import click

from twinbuild.cli.kept import kept_archive
from twinbuild.cli.options import NamedPath, page_options

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
    from twinbuild.pipeline.site.reading import published, read_trail
    from twinbuild.pipeline.site.writing import write_site

    trail = read_trail(log) if log is not None else ("", {})
    trusted = tuple(public_key(path) for path in keys)
    if bool(places) == (place is not None):
        raise click.UsageError("expected directories of releases, or --archive")
    if place is None:
        made = write_site((partial(published, each, trail, trusted) for each in releases_below(places)), output)
    else:
        with kept_archive(place) as (archive, scratch):
            made = write_site(archived_sources(archive, scratch, trail, trusted), output)
    if as_json:
        document = {"releases": made.releases, "names": made.names, "pages": made.pages, "size": made.size}
        click.echo(json.dumps({"output": str(output), **document}))
        return
    click.echo(f"releases {made.releases} of {made.names} names")
    click.echo(f"pages    {made.pages}, {amount(made.size)}")
    click.echo(f"output   {shown(output / 'index.html')}")
