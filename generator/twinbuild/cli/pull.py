"""``twinbuild pull``."""

from __future__ import annotations

import json
import platform as host
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import json_option, quiet_option
from twinbuild.cli.outcome import shown

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.model.platform import Platform

__all__ = ["command"]


@click.command("pull")
@click.argument("reference")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE.tar",
    help="Also write it there as an OCI layout; `docker load` takes the .tar.",
)
@click.option("--platform", "platforms", multiple=True, metavar="OS/ARCH", help="Of an index take these images.")
@click.option("--all-platforms", is_flag=True, help="Of an index take all images.")
@json_option
@quiet_option
def command(
    *, reference: str, output: Path | None, platforms: tuple[str, ...], all_platforms: bool, as_json: bool, quiet: bool
) -> None:
    """Bring an image from a registry into the store, every byte checked against its digest.

    REFERENCE is [HOST[:PORT]/]NAME[:TAG] or [HOST[:PORT]/]NAME@sha256:…. Of an index the image for this machine is
    taken unless --platform or --all-platforms says otherwise. `twinbuild image ls` lists what was pulled; it is kept
    until `twinbuild image rm`.
    """
    from twinbuild.cli.session import session
    from twinbuild.model.platform import Platform
    from twinbuild.model.reference import ImageReference
    from twinbuild.pipeline.images.pulling import pull, write_layout

    named = ImageReference.parse(reference)
    wanted = {Platform.parse(text) for text in platforms} or {_own()}
    with session(beside=Path(), quiet=quiet or as_json) as machine:
        pulled = pull(named, machine, platforms=None if all_platforms else wanted)
        if output is not None:
            write_layout(pulled, machine.store, output)
    if as_json:
        document = {
            "reference": str(pulled.reference),
            "digest": str(pulled.top.digest),
            "mediaType": pulled.top.media_type,
            "images": pulled.images,
            "size": pulled.size,
            "fetched": pulled.fetched,
            "output": None if output is None else str(output),
        }
        click.echo(json.dumps(document))
        return
    click.echo(f"pulled   {pulled.reference}")
    click.echo(f"image    {pulled.top.digest}" + (f"  {pulled.images} platforms" if pulled.images > 1 else ""))
    here = (pulled.size - pulled.fetched) / 1e6
    click.echo(f"fetched  {pulled.fetched / 1e6:.1f} MB" + (f", {here:.1f} MB were in the store" if here else ""))
    if output is not None:
        click.echo(f"output   {shown(output)}")


def _own() -> Platform:
    from twinbuild.model.platform import SUPPORTED, Platform

    known = {Platform.parse(text).machine: Platform.parse(text) for text in SUPPORTED}
    return known.get(host.machine(), Platform.parse(SUPPORTED[0]))
