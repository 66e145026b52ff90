"""``twinbuild init``."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import click

from twinbuild.cli.options import json_option
from twinbuild.cli.outcome import shown

__all__ = ["command"]


@click.command("init")
@json_option
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path(), required=False)
def command(*, directory: Path, as_json: bool) -> None:
    """Write a first release.yaml, and a service that runs as it is, into DIRECTORY (default: the current one)."""
    from datetime import UTC, datetime

    from twinbuild.pipeline.starting import first_files, write_first_files
    from twinbuild.process.runner import SubprocessRunner
    from twinbuild.resolve.git import source_commit

    directory.mkdir(parents=True, exist_ok=True)
    committed = source_commit(directory, SubprocessRunner()) is not None
    files = first_files(directory.absolute().name, today=f"{datetime.now(UTC):%Y-%m-%d}", committed=committed)
    written = [str(path) for path in write_first_files(directory, files)]
    if as_json:
        click.echo(json.dumps({"written": written}))
        return
    for path in written:
        click.echo(f"{shown(path)} written")
    where = "" if directory == Path() else f" {shlex.quote(shown(directory))}"
    click.echo(f"next: twinbuild release{where}, then twinbuild run{where}")
