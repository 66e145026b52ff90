"""``twinbuild policy``."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from twinbuild.cli.options import NamedPath, audit_kept_option, json_option, kept_option
from twinbuild.cli.trusting import approvals_option, trust_options

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.model.governed import Verdict
    from twinbuild.pipeline.governing.knowing import Question
    from twinbuild.pipeline.governing.trustdir import Trusted
    from twinbuild.pipeline.reading.released import Released

__all__ = ["command", "print_verdicts"]


_Command = TypeVar("_Command", bound=Callable[..., Any])


def _asking(command: _Command) -> _Command:
    """The release, the trust root, and the options that say what is asked: what ``_asked`` takes."""
    for option in (
        kept_option,
        audit_kept_option,
        click.option(
            "--audit", type=NamedPath(path_type=Path), metavar="LOG", help="An audit log with times of signing."
        ),
        approvals_option,
        click.option("--at", "moment", metavar="TIME", help="Judge as of then: a day, a time, or how long from now."),
        click.option("--stage", required=True, metavar="STAGE", help="Where the release is to go."),
        trust_options(),
        click.argument("release", metavar="DIST", type=NamedPath(path_type=Path)),
    ):
        command = option(command)
    return command


@click.group("policy")
def command() -> None:
    """Hold a release against the organisation's policy, which is part of a trust root."""


@command.command("check")
@_asking
@json_option
def check(*, as_json: bool, **asked: Any) -> None:
    """Say for each rule whether it lets the release go to the stage (exit 8 where one does not).

    What no rule allows is refused. Who deploys is asked by `promote`.
    """
    from twinbuild.cli.session import settings_beside
    from twinbuild.model.digest import Digest
    from twinbuild.pipeline.governing.checking import check_policy, refuse

    found, trusted, question = _asked(**asked)
    checked = check_policy(found, trusted, question, settings_beside(Path.cwd(), os.environ))
    fine = all(each.verdict != "refused" for each in checked.verdicts)
    if as_json:
        about: dict[str, object] = {"release": str(found.digest), "stage": question.stage, "at": question.at}
        about |= {"trust": trusted.root.version, "policy": str(Digest.of(trusted.policy))}
        verdicts = [_document(each) for each in checked.verdicts]
        click.echo(json.dumps({**about, "allowed": fine, "verdicts": verdicts}))
    else:
        click.echo(f"release  {checked.facts.name} {checked.facts.version}  {found.digest}")
        click.echo(f"trust    version {trusted.root.version}, {trusted.digest}")
        print_verdicts(checked.verdicts)
    refuse(checked)


@command.command("input")
@_asking
def input_(**asked: Any) -> None:
    """Print the document that rules in Rego judge (JSON), for `conftest test` or `opa eval`.

    Nothing is judged. `twinbuild schema policy-input` says what is in it.
    """
    from twinbuild.cli.session import settings_beside
    from twinbuild.pipeline.governing.checking import input_of

    found, trusted, question = _asked(**asked)
    document = input_of(found, trusted, question, settings_beside(Path.cwd(), os.environ))
    click.echo(json.dumps(document, indent=2))  # in ASCII: no text of a release steers a terminal


def _asked(
    *,
    release: Path,
    trust: Path,
    trust_version: str | None,
    stage: str,
    moment: str | None,
    besides: tuple[Path, ...],
    audit: Path | None,
    audit_kept: tuple[Path, ...],
    archive: str | None,
) -> tuple[Released, Trusted, Question]:
    """What is asked: the release, by which trust root, and whether it may go where and when."""
    from twinbuild.cli.kept import holds
    from twinbuild.cli.trusting import logged_given, opened, time_given
    from twinbuild.pipeline.governing.knowing import Question
    from twinbuild.pipeline.reading.released import read_release

    now = int(time.time())
    at = time_given(moment, now, where="--at") if moment is not None else now
    trusted = opened(trust, trust_version, now=at)
    logged = logged_given(audit, audit_kept, trusted, at)
    question = Question(stage=stage, at=at, besides=besides, archive=archive, holds=holds, logged=logged)
    return read_release(release), trusted, question


def print_verdicts(verdicts: tuple[Verdict, ...]) -> None:
    """A line for each rule."""
    from twinbuild.cli.outcome import shown
    from twinbuild.codec.moments import moment_text

    for each in verdicts:
        whose = f", for every release {each.named}" if each.named else ""
        excuse = f" [{each.excuse}, until {moment_text(each.until)}{whose}]" if each.verdict == "excepted" else ""
        click.echo(shown(f"{each.verdict:8} {each.rule}: {each.reason}{excuse}"))


def _document(each: Verdict) -> dict[str, object]:
    refused = {"code": each.code, "remedy": each.remedy} if each.verdict == "refused" else {}
    excepted: dict[str, object] = {}
    if each.verdict == "excepted":
        excepted = {"excuse": each.excuse, "until": each.until, "release": each.named or "digest"}
    return {"rule": each.rule, "verdict": each.verdict, "reason": each.reason, **refused, **excepted}
