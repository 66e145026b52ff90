"""Changes of knobs: those that may change at run time do while the service runs, and each with a start anew.

The service sees ``/etc/twinbuild/live`` as a pod would: a file for each knob that was changed, named by the knob's
variable. It starts with one of these files there, as a pod that starts again; a change has its effect within its time,
and goes when its file goes. Then the service is started anew with each changed value in its variable; there, what is no
value of a knob that changes live must leave it at what it was started with.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twinbuild.build.sandbox import Bind
from twinbuild.errors import Finding
from twinbuild.model import knobs
from twinbuild.model.knobs import LIVE, written
from twinbuild.model.spec.changes import Change
from twinbuild.model.spec.knob import Knob
from twinbuild.model.spec.tests import Golden
from twinbuild.model.spec.values import duration_seconds
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.run.livevolume import LiveVolume
from twinbuild.pipeline.run.trying import Trial
from twinbuild.pipeline.trial.fallbacks import patience_for
from twinbuild.pipeline.trial.golden import question_of, unusual
from twinbuild.pipeline.trial.livelevel import level_live
from twinbuild.pipeline.trial.loglevel import level_knob
from twinbuild.pipeline.trial.record import TrialRun, finding_at
from twinbuild.trial.asking import Answer, NoAnswer
from twinbuild.trial.comparing import mismatch_of

__all__ = ["Starting", "try_changes"]

Starting = Callable[[tuple[tuple[str, str], ...], tuple[Bind, ...]], AbstractContextManager[Trial]]
"""Starts the service with variables and mounts beside its own."""

_PAUSE: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A change of the spec, with its place among them, its knob and its golden test."""

    index: int
    change: Change
    knob: Knob
    golden: Golden

    @property
    def variable(self) -> str:
        return self.knob.variable or ""

    @property
    def text(self) -> str:
        return written(self.change.value)

    @property
    def file(self) -> str:
        return f"{LIVE}/{self.variable}"

    @property
    def told(self) -> str:
        return f"golden test {self.golden.name!r}"

    @property
    def seconds(self) -> float:
        return float(duration_seconds(self.change.within))

    def finding(self, project: Project, code: str, message: str, hint: str, key: str) -> Finding:
        return finding_at(project, code, message, hint, "tests", "changes", self.index, key)


def try_changes(project: Project, run: TrialRun, started: Starting, *, scratch: Path) -> None:
    """Try every change of the spec, and a log level that may change at run time.

    Raises NoAnswer, and what a start raises.
    """
    cases = tuple(_cases(project))
    live = [case for case in cases if case.knob.runtime_change]
    level = level_knob(project)
    levels = [level] if level is not None and level[0].runtime_change else []
    if run.findings or not (cases or levels):
        return
    run.findings += _shows_nothing(project, run, cases)
    changed: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory(prefix="live-", dir=scratch) as name:
        volume = LiveVolume(Path(name))
        bind = (Bind(source=name, target=LIVE),)
        volume.hold({live[0].variable: live[0].text} if live else {})
        if not run.findings and (live or levels):
            with started((), bind) as service:
                for case in live:
                    run.findings += _changed_live(project, service, volume, run, case)
                for knob, value in levels if not run.findings else ():
                    found, shown = level_live(project, service, volume, knob, value)
                    run.findings += found
                    if shown:
                        changed[knob.name] = {"knob": knob.name, "value": value, "how": "live"}
        for case in cases:
            if run.findings:
                return
            volume.hold({})
            with started(((case.variable, case.text),), bind if case.knob.runtime_change else ()) as service:
                run.findings += _started_otherwise(project, service, volume, case)
            how = "live" if case.knob.runtime_change else "restart"
            changed.setdefault(case.knob.name, {"knob": case.knob.name, "value": case.text, "how": how})
    run.observed["changes"] = list(changed.values())


def _cases(project: Project) -> Iterator[_Case]:
    parameters = {knob.name: knob for knob in project.spec.configuration.parameters}
    golden = {each.name: each for each in project.spec.tests.golden}
    for index, change in enumerate(project.spec.tests.changes):
        yield _Case(index=index, change=change, knob=parameters[change.knob], golden=golden[change.golden])


def _shows_nothing(project: Project, run: TrialRun, cases: tuple[_Case, ...]) -> Iterator[Finding]:
    """A change whose expected answer is given without it, too."""
    for case in cases:
        if _differs(run.answers[case.golden.name], case) is None:
            what = f"{case.told} is answered by default as it is expected to be with {case.variable}={case.text}"
            hint = "choose a value that changes the answer, or expect it more exactly"
            yield case.finding(project, "TB7234", what, hint, "expect")


def _differs(answer: Answer, case: _Case) -> str | None:
    """How an answer is not what the change leads to."""
    expected = case.change.expect
    found = mismatch_of(answer, status=expected.status, body=expected.body, tolerance=expected.tolerance)
    return None if found is None else str(found)


def _changed_live(
    project: Project, service: Trial, volume: LiveVolume, run: TrialRun, case: _Case
) -> Iterator[Finding]:
    """The change has its effect in time, and so has its end."""
    hint = f"read {case.file} at each request, or when it changes; raise 'within' if that takes longer"
    volume.hold({case.variable: case.text})
    found = _until(project, service, case.golden, lambda answer: _differs(answer, case), case.seconds)
    if found is not None:
        what = f"{case.change.within} after {case.file} became {case.text!r}, {case.told}: {found}"
        yield case.finding(project, "TB7230", what, hint, "expect")
        return
    volume.hold({})
    known = run.answers[case.golden.name]
    found = _until(project, service, case.golden, lambda answer: unusual(answer, known), case.seconds)
    if found is not None:
        what = f"{case.change.within} after {case.file} went, {case.told}: {found}"
        yield case.finding(project, "TB7230", what, hint, "within")


def _until(
    project: Project, service: Trial, golden: Golden, fault: Callable[[Answer], str | None], seconds: float
) -> str | None:
    """What is wrong with the answer to a question that was sent when the time was over; nothing where one was right."""
    end = time.monotonic() + seconds
    while True:
        sent = time.monotonic()
        try:
            answer = service.ask(question_of(golden, service), patience=patience_for(project.spec, golden))
        except NoAnswer as error:
            found: str | None = f"no answer: {error}"
        else:
            found = fault(answer)
        if found is None or sent >= end:
            return found
        time.sleep(_PAUSE)


def _started_otherwise(project: Project, service: Trial, volume: LiveVolume, case: _Case) -> Iterator[Finding]:
    """Started with the value it has its effect; what is no value of a knob that changes live does not take it away."""
    found = _until(project, service, case.golden, lambda answer: _differs(answer, case), 0.0)
    if found is not None:
        what = f"started with {case.variable}={case.text}, {case.told}: {found}"
        hint = f"let the service take {case.variable} over at its start, or expect another answer"
        yield case.finding(project, "TB7233", what, hint, "expect")
        return
    for text in _no_values(case.knob) if case.knob.runtime_change else ():
        volume.hold({case.variable: text})
        time.sleep(case.seconds)
        found = _until(project, service, case.golden, lambda answer: _differs(answer, case), 0.0)
        if found is not None:
            what = f"started with {case.variable}={case.text}, once {case.file} was {text!r}, {case.told}: {found}"
            hint = "keep what the service was started with where a text is no value of the knob"
            yield case.finding(project, "TB7231", what, hint, "knob")
            return


def _no_values(knob: Knob) -> tuple[str, ...]:
    """Texts that are no value of a knob: of no type, empty, and beyond its range."""
    texts = ["no value", ""]
    for bound, step in ((knob.maximum, 1), (knob.minimum, -1)):
        if isinstance(bound, (int, float)) and not isinstance(bound, bool):
            texts.append(written(bound + step))
    return tuple(text for text in texts if knobs.finding(knob.definition, text)[1] is not None)
