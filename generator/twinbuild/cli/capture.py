"""``twinbuild capture``."""

from __future__ import annotations

import os
from pathlib import Path

import click

__all__ = ["command"]


@click.command("capture")
@click.argument("release", metavar="DIST|FILE|SPEC", type=click.Path(path_type=Path), default=Path(), required=False)
@click.option("--python", default="python3", show_default=True, help="Python of the environment to look at.")
@click.option("--image", default="", metavar="DIGEST", help="Digest of the image that the environment is made of.")
@click.option("--program", is_flag=True, help="Print the program instead of running it, to be piped into a container.")
def command(*, release: Path, python: str, image: str, program: bool) -> None:
    r"""Print what is really there in an environment, as JSON for `twinbuild parity`.

    Names the release that the environment ought to be. Looked at are Python, its packages with their RECORD, the
    packages of the system, the files of application and model, and the variables that the release declares; of all
    others it gives the names alone. In a container, which needs nothing but its Python:

    \b
      twinbuild capture DIST --program | docker exec -i NAME python -I -S - > capture.json
    """
    from twinbuild.model.settings import without_keys
    from twinbuild.pipeline.capturing import capture_here, capture_program
    from twinbuild.pipeline.reading.released import read_release
    from twinbuild.process.runner import SubprocessRunner

    found = read_release(release)
    if program:
        click.echo(capture_program(found), nl=False)
        return
    click.echo(
        capture_here(found, python, SubprocessRunner(), environment=without_keys(os.environ), image=image), nl=False
    )
