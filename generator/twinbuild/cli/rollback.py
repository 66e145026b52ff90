"""``twinbuild rollback``."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click

from twinbuild.cli.options import NamedPath, json_option
from twinbuild.cli.trusting import trust_options

__all__ = ["command"]


@click.command("rollback")
@click.argument("name", required=False)
@click.option("--to", "stage", required=True, metavar="STAGE", help="The stage that is to go back.")
@trust_options()
@click.option("--key", metavar="FILE|env:NAME", help="Your private key, in PEM: a file, or a variable that holds it.")
@click.option("--signer", "program", metavar="COMMAND", help="A program that signs its standard input.")
@click.option("--public", type=NamedPath(path_type=Path), metavar="FILE", help="The public half of the program's key.")
@click.option(
    "--record", required=True, type=NamedPath(path_type=Path), metavar="DIR", help="The signed record of promotions."
)
@click.option(
    "--releases",
    required=True,
    multiple=True,
    type=NamedPath(path_type=Path),
    metavar="DIR",
    help="Where releases lie; may be repeated.",
)
@click.option(
    "--output", required=True, type=NamedPath(path_type=Path), metavar="DIR", help="Where the stage's files go."
)
@click.option("--accept-schemas", is_flag=True, help="Though requests or answers have another schema.")
@click.option("--reason", default="", metavar="TEXT", help="Why.")
@click.option("--audit", type=NamedPath(path_type=Path), metavar="LOG", help="Append it to this audit log, too.")
@click.option("--audit-key", metavar="FILE|env:NAME", help="The log's private key.")
@json_option
def command(
    *,
    name: str | None,
    stage: str,
    trust: Path,
    trust_version: str | None,
    key: str | None,
    program: str | None,
    public: Path | None,
    record: Path,
    releases: tuple[Path, ...],
    output: Path,
    accept_schemas: bool,
    reason: str,
    audit: Path | None,
    audit_key: str | None,
    as_json: bool,
) -> None:
    """Bring a stage back to the last good release: the latest one before the present that nobody went back from.

    NAME is that of the release; it may be left out where the stage has one alone. Schemas of requests and answers must
    be those of what runs, and the policy must let it through (exit 8). The record says what was done.
    """
    from twinbuild.cli.keyfile import signer_of
    from twinbuild.cli.promote import say_promoted
    from twinbuild.cli.session import settings_beside
    from twinbuild.cli.trusting import audit_given, opened
    from twinbuild.codec.trustroot import is_name
    from twinbuild.errors import UsageError
    from twinbuild.pipeline.governing.promoting import Order, roll_back
    from twinbuild.pipeline.governing.record import names_in

    now = int(time.time())
    names = names_in(record, stage) if name is None and is_name(stage) else (name or "",)
    if len(names) != 1:
        known = ", ".join(names) or "none"
        hint = "name the release: `twinbuild rollback NAME --to STAGE`"
        raise UsageError.of("TB8001", f"the record of {stage!r} has these releases: {known}", hint=hint, where="NAME")
    trusted = opened(trust, trust_version, now=now)
    log, logged = audit_given(audit, audit_key, trusted, now)
    order = Order(
        stage=stage,
        signer=signer_of(key, program, public, os.environ),
        now=now,
        record=record,
        output=output,
        reason=reason,
        log=log,
        logged=logged,
    )
    done = roll_back(
        names[0],
        trusted,
        order,
        settings_beside(Path.cwd(), os.environ),
        releases=releases,
        accept_schemas=accept_schemas,
    )
    say_promoted(done, output, as_json=as_json)
