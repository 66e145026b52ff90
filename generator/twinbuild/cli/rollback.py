"""``twinbuild rollback``."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from twinbuild.cli.kept import laid_out
from twinbuild.cli.options import NamedPath, act_options, json_option, kept_option, signer_options
from twinbuild.cli.trusting import approvals_option, files_option, record_option, trust_options

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.pipeline.reading.released import Released

__all__ = ["command"]


@click.command("rollback")
@click.argument("name", required=False)
@click.option("--to", "stage", required=True, metavar="STAGE", help="The stage that is to go back.")
@trust_options()
@signer_options
@record_option
@click.option(
    "--releases",
    multiple=True,
    type=NamedPath(path_type=Path),
    metavar="DIR",
    help="Where releases lie; may be repeated. Without it they are taken out of the archive.",
)
@files_option
@approvals_option
@click.option("--accept-schemas", is_flag=True, help="Though requests or answers have another schema.")
@kept_option
@act_options
@json_option
def command(
    *,
    name: str | None,
    stage: str,
    record: Path,
    releases: tuple[Path, ...],
    archive: str | None,
    accept_schemas: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Bring a stage back to the last good release: the latest one before the present that nobody went back from.

    NAME is that of the release; it may be left out where the stage has one alone. Schemas of requests and answers must
    be those of what runs, and the policy must let it through (exit 8). The record says what was done.
    """
    from twinbuild.cli.promote import say_promoted
    from twinbuild.cli.session import settings_beside
    from twinbuild.cli.trusting import order_given
    from twinbuild.codec.trustroot import is_name
    from twinbuild.errors import UsageError
    from twinbuild.model.digest import Digest
    from twinbuild.pipeline.governing.promoting import find_release, roll_back
    from twinbuild.pipeline.governing.record import names_in
    from twinbuild.pipeline.reading.released import read_release

    if not releases and archive is None:
        hint = "say where releases are: --archive DIR, or --releases DIR"
        raise UsageError.of("TB8001", "no place of releases is named", hint=hint, where="--releases")
    names = names_in(record, stage) if name is None and is_name(stage) else (name or "",)
    if len(names) != 1:
        known = ", ".join(names) or "none"
        hint = "name the release: `twinbuild rollback NAME --to STAGE`"
        raise UsageError.of("TB8001", f"the record of {stage!r} has these releases: {known}", hint=hint, where="NAME")
    trusted, order = order_given(stage=stage, record=record, archive=archive, **given)
    settings = settings_beside(Path.cwd(), os.environ)
    with ExitStack() as stack:  # what is taken out of an archive lies there until all is written

        def find(digest: str) -> Released:
            if releases or archive is None:
                return find_release(digest, releases)
            return read_release(stack.enter_context(laid_out(archive, Digest.parse(digest), layers=True)))

        done = roll_back(names[0], trusted, order, settings, find=find, accept_schemas=accept_schemas)
    say_promoted(done, order.output, as_json=as_json)
