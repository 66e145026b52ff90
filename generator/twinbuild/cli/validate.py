"""``twinbuild validate``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from twinbuild.cli.options import json_option
from twinbuild.codec.amounts import counted

__all__ = ["command"]


@click.command("validate")
@json_option
@click.argument("release", metavar="DIST|FILE|SPEC", type=click.Path(path_type=Path), default=Path(), required=False)
def command(*, release: Path, as_json: bool) -> None:
    """Check that a release is whole: the release manifest, its digest, and every file and image that it covers.

    Names a release's directory, a manifest.json (checked alone where nothing of a release lies beside it), or a spec,
    whose last release is meant.
    Needs neither network nor store.
    """
    from twinbuild.cli.outcome import shown
    from twinbuild.pipeline.reading.released import read_release
    from twinbuild.pipeline.reading.validating import check_release

    found = read_release(release)
    count = check_release(found)
    if as_json:
        click.echo(json.dumps({"release": str(found.digest), "files": count, "alone": found.directory is None}))
        return
    click.echo(f"release  {found.digest}")
    click.echo(
        f"whole    {counted(count, 'file')} and the images of {shown(found.directory)}"
        if found.directory is not None
        else f"alone    {shown(found.path)}: nothing beside it was looked at"
    )
