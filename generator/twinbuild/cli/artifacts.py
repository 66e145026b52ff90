"""``twinbuild artifacts``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from twinbuild.cli.options import NamedPath, json_option
from twinbuild.cli.outcome import shown

__all__ = ["command"]


@click.command("artifacts")
@click.argument("release", metavar="DIST", type=NamedPath(path_type=Path))
@click.option(
    "--output",
    required=True,
    type=NamedPath(path_type=Path),
    metavar="DIR",
    help="A directory that is not there yet, or empty.",
)
@json_option
def command(*, release: Path, output: Path, as_json: bool) -> None:
    """Take the files of the model out of a release, as they lie in its image.

    DIST is its directory, or the spec that it was made from. The release must be whole, and each file the one that its
    manifest names: `verify-release` says who vouches for it. Paths in DIR are those in the image below the directory
    that all files of the model lie in. `model_signing verify key` holds DIR against DIST/signatures/model.KEYID.sig.
    """
    from twinbuild.pipeline.reading.released import read_release
    from twinbuild.pipeline.weights.extract import extract_weights

    found = read_release(release)
    extracted = extract_weights(found, output)
    if as_json:
        files = [{"path": path, "size": size, "sha256": digest.hex} for path, size, digest in extracted.files]
        click.echo(
            json.dumps({"release": str(found.digest), "root": extracted.root, "files": files, "output": str(output)})
        )
        return
    click.echo(f"release  {found.digest}")
    for path, size, digest in extracted.files:
        click.echo(f"file     {shown(path)}  {size / 1e6:.1f} MB  {digest}")
    click.echo(f"root     {shown(extracted.root)} in the image")
    click.echo(f"output   {shown(output)}")
