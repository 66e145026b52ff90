"""``twinbuild reproduce``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from twinbuild.cli.archive import archive_option
from twinbuild.cli.options import NamedPath, json_option, quiet_option
from twinbuild.cli.outcome import shown

__all__ = ["command"]


@click.command("reproduce")
@click.argument("name", metavar="NAME@VERSION|DIGEST")
@archive_option
@click.option(
    "--output", required=True, type=NamedPath(path_type=Path), metavar="DIR", help="Where the rebuilt release goes."
)
@quiet_option
@json_option
def command(*, name: str, place: Path, output: Path, quiet: bool, as_json: bool) -> None:
    """Build an archived release again, from the archive alone, and compare every file.

    It is named by NAME@VERSION, by its release digest or a beginning of it, or by the digest of an image, as a pod
    shows it. The build has no network, no store and no files but the archive's. Exit 7: it is not the same.
    """
    from twinbuild import __version__
    from twinbuild.archive.directory import Archive
    from twinbuild.cli.session import session
    from twinbuild.pipeline.archive.naming import chosen
    from twinbuild.pipeline.archive.reproducing import reproduce

    with Archive(place) as archive, session(beside=Path(), quiet=quiet or as_json, offline=True) as machine:
        summary = chosen(archive, name)
        if summary.generator != __version__ and not as_json:
            click.echo(f"made by  twinbuild {shown(summary.generator)}; this is {__version__}", err=True)
        found = reproduce(archive, summary, machine, output=output)
        machine.progress("", 0, 0)
    release = found.release
    if as_json:
        document = {
            "release": str(release.digest),
            "name": release.name,
            "version": release.version,
            "images": [str(image.digest) for image in release.images],
            "files": found.files,
            "witnesses": dict(found.witnesses),
            "output": str(found.output),
        }
        click.echo(json.dumps(document))
        return
    click.echo(f"release  {release.name} {release.version}  {release.digest}")
    for image in release.images:
        click.echo(f"image    {shown(image.variant)} {shown(image.platform)}  {image.digest}")
    click.echo(f"same     {found.files} files, built from the archive alone in {found.seconds:.0f} s")
    for witness, how in found.witnesses:
        click.echo(f"{witness:8} {shown(how)}")
    click.echo(f"output   {shown(found.output)}")
