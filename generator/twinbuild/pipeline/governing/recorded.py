"""The record as it is before a step: held against the audit log, which knows how many steps there were, and which.

A record is as long as whoever may write to it lets it be. A log says of each step which number it had, so that a record
that was cut off at its end, or has another step in the place of one, does not hold against it. What an older version
logged has no number, and a step that was taken without a log is in none.
"""

from __future__ import annotations

from pathlib import Path

from twinbuild.errors import Location, PolicyRefused
from twinbuild.model.acts import Promotion
from twinbuild.pipeline.governing.logged import Logged
from twinbuild.pipeline.governing.record import finish_step, read_steps, step_path
from twinbuild.pipeline.governing.trustdir import Trusted

__all__ = ["recorded_steps", "require_logged"]


def recorded_steps(
    record: Path, stage: str, name: str, trusted: Trusted, *, now: int, logged: Logged, shorter: bool = False
) -> tuple[Promotion, ...]:
    """The steps of a name in a stage, as ``read_steps`` has them. A step that was logged and not written is finished.

    ``shorter``: the log may know of further steps, which somebody says were never taken. Raises PolicyRefused TB8842
    for a record that is not the one that was logged, and as ``read_steps``.
    """
    steps = read_steps(record, stage, name, trusted, now=now)
    known = logged.steps(name, stage)
    if finish_step(record, stage, name, number=len(steps) + 1, logged=known.get(len(steps) + 1)):
        steps = read_steps(record, stage, name, trusted, now=now)
    for step in steps:
        action, release = known.get(step.number, (step.action, step.release))
        if (action, release) != (step.action, step.release):
            raise _unlike(
                f"its step {step.number} is {step.action} {step.release}, and the audit log says {action} {release}",
                step_path(record, stage, name, step.number),
            )
    last = max(known, default=0)
    if last > len(steps) and not shorter:
        raise _unlike(
            f"it has {len(steps)} steps of {name} in {stage}, and the audit log knows of step {last}: it was cut off",
            step_path(record, stage, name, last),
        )
    return steps


def require_logged(target: Promotion, logged: Logged, record: Path) -> None:
    """Whoever may deploy can write a step of a time that they state; what a log has of the stage it would not have.

    A log that has no step of this name and stage at all is younger than the record. Raises PolicyRefused TB8898.
    """
    known = logged.promoted(target.name, target.stage)
    numbered = logged.steps(target.name, target.stage)
    older = target.number < min(numbered, default=target.number + 1)  # than entries that say a number
    if known and not (target.number in numbered or (older and target.release in known)):
        raise PolicyRefused.of(
            "TB8898",
            f"the record says that {target.name} {target.version} was in {target.stage} by step {target.number}, and "
            f"the audit log, which has {len(known)} releases of it there, does not",
            hint="ask who wrote the step, and when; to bring it there all the same: `twinbuild promote`",
            where=Location(file=str(record)),
        )


def _unlike(why: str, path: Path) -> PolicyRefused:
    hint = (
        "take the record from a copy that is whole; if the step was logged by a run that was killed, and never taken, "
        "say so: --accept-record"
    )
    return PolicyRefused.of(
        "TB8842", f"the record is not the one that was logged: {why}", hint=hint, where=Location(file=str(path))
    )
