"""``twinbuild second-build`` (hidden): the second build, in the process that the first one started for it."""

from __future__ import annotations

import json
import sys

import click

__all__ = ["command"]


@click.command("second-build", hidden=True)
def command() -> None:
    """Read a request from standard input, bring the conditions about, build, and answer on standard output."""
    from twinbuild.build.parent import die_with_parent

    request = json.load(sys.stdin)
    die_with_parent(request["parent"])
    from twinbuild.verify.conditions import Conditions, apply_conditions

    witnesses = apply_conditions(
        Conditions(**request["conditions"])
    )  # first: what follows must not see the caller's conditions
    from twinbuild.codec.canonical import to_json
    from twinbuild.pipeline.build.rebuilding import rebuild

    images = rebuild(request)
    answer = {"images": [to_json(image) for image in images], "witnesses": [list(pair) for pair in witnesses]}
    click.echo(json.dumps(answer))
