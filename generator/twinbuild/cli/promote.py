"""``twinbuild promote``."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import NamedPath, json_option
from twinbuild.cli.trusting import trust_options

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.pipeline.governing.promoting import Promoted

__all__ = ["command", "say_promoted"]


@click.command("promote")
@click.argument("release", metavar="DIST", type=NamedPath(path_type=Path))
@click.option("--to", "stage", required=True, metavar="STAGE", help="Where it is to go.")
@trust_options()
@click.option("--key", metavar="FILE|env:NAME", help="Your private key, in PEM: a file, or a variable that holds it.")
@click.option("--signer", "program", metavar="COMMAND", help="A program that signs its standard input.")
@click.option("--public", type=NamedPath(path_type=Path), metavar="FILE", help="The public half of the program's key.")
@click.option(
    "--record", required=True, type=NamedPath(path_type=Path), metavar="DIR", help="The signed record of promotions."
)
@click.option(
    "--output", required=True, type=NamedPath(path_type=Path), metavar="DIR", help="Where the stage's files go."
)
@click.option(
    "--approvals", "besides", multiple=True, type=NamedPath(path_type=Path), metavar="DIR", help="More of them."
)
@click.option("--reason", default="", metavar="TEXT", help="Why.")
@click.option("--audit", type=NamedPath(path_type=Path), metavar="LOG", help="Append it to this audit log, too.")
@click.option("--audit-key", metavar="FILE|env:NAME", help="The log's private key.")
@json_option
def command(
    *,
    release: Path,
    stage: str,
    trust: Path,
    trust_version: str | None,
    key: str | None,
    program: str | None,
    public: Path | None,
    record: Path,
    output: Path,
    besides: tuple[Path, ...],
    reason: str,
    audit: Path | None,
    audit_key: str | None,
    as_json: bool,
) -> None:
    """Bring a release to a stage: hold it against the policy, write the stage's files, and record who did it.

    Exit 8 with each rule that refuses, and what to do. The files have the release digest in the pods' annotations and
    are applied as they are. Nothing is applied by this verb.
    """
    from twinbuild.cli.keyfile import signer_of
    from twinbuild.cli.session import settings_beside
    from twinbuild.cli.trusting import audit_given, opened
    from twinbuild.pipeline.governing.promoting import Order, promote
    from twinbuild.pipeline.released import read_release

    now = int(time.time())
    trusted = opened(trust, trust_version, now=now)
    log, logged = audit_given(audit, audit_key, trusted, now)
    order = Order(
        stage=stage,
        signer=signer_of(key, program, public, os.environ),
        now=now,
        record=record,
        output=output,
        reason=reason,
        besides=besides,
        log=log,
        logged=logged,
    )
    done = promote(read_release(release), trusted, order, settings_beside(Path.cwd(), os.environ))
    say_promoted(done, output, as_json=as_json)


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
    click.echo(f"output   {shown(output)}, {done.files} files")
