"""``twinbuild compare``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from twinbuild.cli.options import json_option, quiet_option
from twinbuild.cli.outcome import shown

__all__ = ["command"]


@click.command("compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option(
    "--platform", default="", metavar="OS/ARCH", help="Image of an index to compare (default: this machine's)."
)
@quiet_option
@json_option
def command(*, first: str, second: str, platform: str, quiet: bool, as_json: bool) -> None:
    """Compare the files and the configuration of two images (exit 1 on a difference).

    A and B are directories of releases or OCI image layouts, with @sha256:… where one holds several images. How an
    image is cut into layers, and the times of its files, are no difference.
    """
    from twinbuild.cli.session import session
    from twinbuild.pipeline.comparing import compare_images

    with session(beside=Path(), quiet=quiet or as_json) as machine:
        found = compare_images(first, second, machine, platform=platform)
    if as_json:
        click.echo(json.dumps({"equal": not found, "differences": [asdict(each) for each in found]}))
    for each in found if not as_json else ():
        click.echo(shown(f"{each.path}  {each.first} -> {each.second}"))
    if not found and not as_json:
        click.echo("the same files and configuration")
    if found:
        raise click.exceptions.Exit(1)
