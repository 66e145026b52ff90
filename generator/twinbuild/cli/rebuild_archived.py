"""``twinbuild rebuild-archived`` (hidden): the build from an archive, in the process that ``reproduce`` starts."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from twinbuild.cli.options import json_option

__all__ = ["command"]


@click.command("rebuild-archived", hidden=True)
@json_option
def command(*, as_json: bool) -> None:  # noqa: ARG001  errors are JSON for whoever asks so
    """Read a request from standard input, leave the machine behind, build, and answer on standard output."""
    from twinbuild.build.island import enter_island, programs
    from twinbuild.build.parent import die_with_parent

    request = json.load(sys.stdin)
    die_with_parent(request["parent"])
    from twinbuild.pipeline.archive.isolated import rebuild_archived  # before its files are out of sight

    os.umask(request["conditions"]["umask"])
    scratch = Path(request["scratch"])
    witnesses = enter_island(
        readable=(Path(request["archive"]), *programs()),
        writable=(Path(request["output"]), scratch),
        user=request["conditions"]["uid"],
    )
    os.chdir(scratch)
    rebuilt = rebuild_archived(request)
    click.echo(
        json.dumps(
            {
                "release": str(rebuilt.digest),
                "derivations": [[name, str(digest)] for name, digest in rebuilt.derivations],
                "tests": rebuilt.trials.facts,
                "witnesses": [list(pair) for pair in witnesses],
            }
        )
    )
