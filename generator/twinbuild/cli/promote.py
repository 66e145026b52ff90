"""``twinbuild promote``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from twinbuild.cli.options import NamedPath, act_options, json_option, kept_option, signer_options
from twinbuild.cli.trusting import approvals_option, files_option, record_option, trust_options
from twinbuild.codec.amounts import counted

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.pipeline.governing.promoting import Promoted

__all__ = ["command", "say_promoted"]


@click.command("promote")
@click.argument("release", metavar="DIST", type=NamedPath(path_type=Path))
@click.option("--to", "stage", required=True, metavar="STAGE", help="Where it is to go.")
@trust_options()
@signer_options
@record_option
@files_option
@approvals_option
@kept_option
@act_options
@json_option
def command(*, release: Path, as_json: bool, **given: Any) -> None:
    """Bring a release to a stage: hold it against the policy, write the stage's files, and record who did it.

    Exit 8 with each rule that refuses, and what to do. The files have the release digest in the pods' annotations and
    are applied as they are. Nothing is applied by this verb.
    """
    from twinbuild.cli.session import settings_beside
    from twinbuild.cli.trusting import order_given
    from twinbuild.pipeline.governing.promoting import promote
    from twinbuild.pipeline.reading.released import read_release

    trusted, order = order_given(**given)
    done = promote(read_release(release), trusted, order, settings_beside(Path.cwd(), os.environ))
    say_promoted(done, order.output, as_json=as_json)


def say_promoted(done: Promoted, output: Path, *, as_json: bool) -> None:
    """What was done."""
    from twinbuild.cli.outcome import shown
    from twinbuild.cli.policy import print_verdicts

    step = done.step
    if as_json:
        about = {"release": step.release, "name": step.name, "version": step.version, "stage": step.stage}
        more = {"action": step.action, "number": step.number, "files": done.files, "output": str(output)}
        click.echo(json.dumps({**about, **more}))
        return
    print_verdicts(done.checked.verdicts)
    click.echo(f"{step.action:8} {step.name} {step.version}  {step.release}")
    click.echo(f"record   step {step.number} of {step.name} in {step.stage}")
    click.echo(f"output   {shown(output)}, {counted(done.files, 'file')}")
