"""The log level has its effect: with the most severe value of its knob, no line of a lesser level is written."""

from __future__ import annotations

from collections.abc import Iterator

from twinbuild.codec.amounts import counted
from twinbuild.errors import Finding
from twinbuild.model.spec.knob import Knob
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.trial.record import finding_at
from twinbuild.trial.comparing import shortened
from twinbuild.trial.severity import below, rank

__all__ = ["effect_of_level", "has_lesser", "level_knob"]


def level_knob(project: Project) -> tuple[Knob, str] | None:
    """The knob of the log level with its most severe value; None where there is none, or logs have no declared form."""
    spec = project.spec
    if "logs" not in spec.observability.model_fields_set or spec.observability.logs.format == "text":
        return None
    for knob in spec.configuration.parameters:
        ranked = [(found, value) for value in knob.values if (found := rank(value)) is not None]
        if knob.kind == "log_level" and knob.variable is not None and len(ranked) > 1:
            return knob, max(ranked)[1]
    return None


def has_lesser(project: Project, plain: bytes, level: str) -> bool:
    """Whether anything less severe was printed: where nothing is by default, no effect of a level can be shown."""
    return any(True for _ in below(plain, level, project.spec.observability.logs.format))


def effect_of_level(project: Project, knob: Knob, level: str, *, plain: bytes, severe: bytes) -> Iterator[Finding]:
    """What was printed by default and with the most severe level, to the same questions."""
    if not has_lesser(project, plain, level):
        return
    still = list(below(severe, level, project.spec.observability.logs.format))
    if not still:
        return
    number, said = still[0]
    line = shortened(severe.split(b"\n")[number - 1].decode(errors="replace"))
    index = [each.name for each in project.spec.configuration.parameters].index(knob.name)
    what = f"with {knob.variable}={level} the service still writes {counted(len(still), 'line')} of a lesser level, "
    what += f"first line {number} ({said}): {line}"
    hint = f"set the level of every logger from {knob.variable}, libraries' included"
    yield finding_at(project, "TB7219", what, hint, "configuration", "parameters", index, "kind")
