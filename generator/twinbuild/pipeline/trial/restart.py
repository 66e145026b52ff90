"""Knobs that need a restart: other values of them, where a running service could find them, change no answer.

The service sees ``/etc/twinbuild/live`` as a pod would. After a start's questions it holds another value of each knob
that may not change at run time, and the golden tests are asked again. A directory of live changes is there whether a
knob changes live or not: a service that takes a value from it against its own spec is found in both cases.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from twinbuild.build.sandbox import Bind
from twinbuild.errors import Finding
from twinbuild.model import knobs
from twinbuild.model.knobs import LIVE, written
from twinbuild.model.spec.knob import Knob
from twinbuild.model.spec.values import duration_seconds
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.run.livevolume import LiveVolume
from twinbuild.pipeline.run.trying import Trial
from twinbuild.pipeline.trial.fallbacks import patience_for
from twinbuild.pipeline.trial.golden import question_of, unusual
from twinbuild.pipeline.trial.record import TrialRun, finding_at

__all__ = ["Held", "held", "need_a_restart"]

_GRACE: Final = 1.0  # seconds, where no change says how long one may take


class Held:
    """The directory of live changes that a start sees, and what it is going to hold: texts by variable."""

    def __init__(self, directory: Path, values: dict[str, str]) -> None:
        self.volume = LiveVolume(directory)
        self.values = values
        self.bind = Bind(source=str(directory), target=LIVE)


@contextmanager
def held(project: Project, *, scratch: Path) -> Iterator[Held | None]:
    """An empty one for a start; None where nothing could be shown by it, for want of a knob or a golden test."""
    changes = project.spec.tests.changes
    shown = {each.knob: each.value for each in changes}  # values that change an answer at a start
    parameters = project.spec.configuration.parameters
    values = {knob.variable: other for knob in parameters if (other := _other(knob, shown.get(knob.name)))}
    if not values or not project.spec.tests.golden:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="live-", dir=scratch) as name:
        yield Held(Path(name), {variable: text for variable, text in values.items() if variable is not None})


def need_a_restart(project: Project, service: Trial, run: TrialRun, there: Held) -> Iterator[Finding]:
    """Other values of the knobs that do not change live change no answer. Raises NoAnswer.

    All are there at once; only where something differs are they tried one by one, to tell which it was.
    """
    parameters = project.spec.configuration.parameters
    live = {knob.name for knob in parameters if knob.runtime_change}
    within = [float(duration_seconds(each.within)) for each in project.spec.tests.changes if each.knob in live]
    seconds = max(within, default=_GRACE)
    there.volume.hold(there.values)
    time.sleep(seconds)
    run.observed["needs_restart"] = [knob.name for knob in parameters if knob.variable in there.values]
    if not _affected(project, service, run):
        return
    for index, knob in enumerate(parameters):
        if knob.variable not in there.values:
            continue
        there.volume.hold({knob.variable: there.values[knob.variable]})
        time.sleep(seconds)
        for found in _affected(project, service, run):
            what = f"without a restart, {found} once {LIVE}/{knob.variable} is there"
            hint = "set runtime_change: true if that is meant; or read the variable at the start alone"
            yield finding_at(project, "TB7232", what, hint, "configuration", "parameters", index, "name")
            return


def _affected(project: Project, service: Trial, run: TrialRun) -> list[str]:
    """Golden tests that are answered otherwise than before."""
    found = []
    for golden in project.spec.tests.golden:
        answer = service.ask(question_of(golden, service), patience=patience_for(project.spec, golden))
        if said := unusual(answer, run.answers[golden.name]):
            found.append(f"golden test {golden.name!r} is answered otherwise, {said},")
    return found


def _other(knob: Knob, shown: object = None) -> str:
    """Another value of a knob that needs a restart, ``shown`` first; "" where it changes live, or none is allowed."""
    if knob.runtime_change or knob.variable is None:
        return ""
    default = written(knob.default)
    texts = (written(value) for value in (shown, *_candidates(knob)) if value is not None)
    return next((text for text in texts if text != default and knobs.finding(knob.definition, text)[1] is None), "")


def _candidates(knob: Knob) -> Iterator[object]:
    """Values to choose from: those that the spec names, then what is beside the default."""
    default = knob.default
    match knob.type:
        case "bool":
            yield not default
        case "enum":
            yield from knob.values
        case "string":
            yield from ("other", "another")
        case "list":
            assert isinstance(default, (list, tuple))
            yield from (list(knob.values), list(default[:-1]), [*default, *default], ["other"])
        case "int" | "float":
            assert isinstance(default, (int, float))
            yield from (knob.minimum, knob.maximum, default + 1, default - 1)
        case "duration" | "bytes":
            yield from (knob.minimum, knob.maximum)
            size = knobs.read(knob.definition, written(default))
            assert isinstance(size, int)
            yield from _sizes(knob.type, size)


def _sizes(kind: str, millionths: int) -> Iterator[str]:
    """About twice and half of a duration or an amount of bytes, in small units."""
    for other in (2 * millionths, millionths // 2, 2 * knobs.MILLION):
        yield f"{max(other // 1000, 1)}ms" if kind == "duration" else str(max(other // knobs.MILLION, 1))
