"""The record as it is before a step: held against the audit log, which knows how many steps there were, and which.

A record is as long as whoever may write to it lets it be. A log says of each step which number it had, and its digest;
each step names the one before it. So the last step of the log, where it lies in the record, vouches for all before it:
a record that was cut off, or grew again in another way, does not have it. What an older version logged has no number,
and a step that was taken without a log is in none.
"""

from __future__ import annotations

import os
from pathlib import Path

from twinbuild.codec.amounts import counted
from twinbuild.codec.moments import moment_text
from twinbuild.errors import Location, PolicyRefused
from twinbuild.model.acts import Promotion
from twinbuild.pipeline.governing.logged import Logged
from twinbuild.pipeline.governing.record import AHEAD, finish_step, link_to, next_path, read_steps, step_path
from twinbuild.pipeline.governing.trustdir import Trusted

__all__ = ["recorded_steps", "require_logged"]


def recorded_steps(
    record: Path, stage: str, name: str, trusted: Trusted, *, now: int, logged: Logged, unlike: bool = False
) -> tuple[Promotion, ...]:
    """The steps of a name in a stage, as ``read_steps`` has them. A step that was logged and not written is finished.

    ``unlike``: it may be another record than was logged, as somebody says who knows. Raises PolicyRefused TB8842 for
    one that is, or where another one may be in a log that is not given, TB8844 for a time that is over by the log, and
    as ``read_steps``.
    """
    if not unlike:
        _require_clock(logged, now)
    steps = read_steps(record, stage, name, trusted, now=now)
    waiting = next_path(record, stage, name)
    if not (logged.given or unlike) and os.path.lexists(waiting):
        why = "a run that was killed was about to take its next step, and no log is given that says whether it did"
        raise _unlike(why, waiting)
    known = logged.steps(name, stage)
    if not known:
        return steps
    last, sha256 = known[-1]
    if last == len(steps) + 1 and finish_step(record, stage, name, last, sha256):
        steps = read_steps(record, stage, name, trusted, now=now)
    if unlike or (last <= len(steps) and link_to(steps[:last]) == sha256):
        return steps
    why = f"its step {last} is another one than the audit log has"
    if last > len(steps):
        has = counted(len(steps), "step")
        why = f"it has {has} of {name} in {stage}, and the audit log knows of step {last}: it was cut off"
    raise _unlike(why, step_path(record, stage, name, last))


def require_logged(target: Promotion, logged: Logged, record: Path) -> None:
    """Whoever may deploy can write a step of a time that they state; what a log has of the stage it would not have.

    A log that has no step of this name and stage at all is younger than the record. Raises PolicyRefused TB8898.
    """
    known = logged.promoted(target.name, target.stage)
    numbered = logged.steps(target.name, target.stage)
    older = target.number < min((number for number, _ in numbered), default=target.number + 1)
    fine = (target.number, link_to((target,))) in numbered or (older and target.release in known)
    if known and not fine:
        raise PolicyRefused.of(
            "TB8898",
            f"the record says that {target.name} {target.version} was in {target.stage} by step {target.number}, and "
            f"the audit log, which has {counted(len(known), 'release')} of it there, does not",
            hint="ask who wrote the step, and when; to bring it there all the same: `twinbuild promote`",
            where=Location(file=str(record)),
        )


def _require_clock(logged: Logged, now: int) -> None:
    """No entry of a log is older than the one before it: the last one says that it is as late as that at least."""
    if logged.entries and logged.entries[-1].time > now + AHEAD:
        raise PolicyRefused.of(
            "TB8844",
            f"it is {moment_text(now)} by the clock of this machine, and the audit log has an entry of "
            f"{moment_text(logged.entries[-1].time)}",
            hint="set the clock; if it is right, an entry is of a wrong one: say that you know with --accept-record",
            where="--audit",
        )


def _unlike(why: str, path: Path) -> PolicyRefused:
    hint = (
        "give the log (--audit), and take the record from a copy that is whole; "
        "if the step was logged by a run that was killed, and never taken, "
        "say so: --accept-record"
    )
    return PolicyRefused.of(
        "TB8842", f"the record is not the one that was logged: {why}", hint=hint, where=Location(file=str(path))
    )
