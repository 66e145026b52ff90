"""Changes of knobs: those that may change at run time do while the service runs, and the others need a restart.

The service sees ``/etc/twinbuild/live``, as Kubernetes would mount it: a file for each knob that was changed, named by
the knob's variable. A change has its effect within its time, and goes when the file goes. Then the directory holds what
must have none: texts that are no value, and values of knobs that need a restart. With these the service is started
anew, one after the other.
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
from twinbuild.model.knobs import LIVE, written
from twinbuild.model.spec.changes import Change
from twinbuild.model.spec.expectation import Expectation
from twinbuild.model.spec.knob import Knob
from twinbuild.model.spec.values import duration_seconds
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.trialgolden import question_of
from twinbuild.pipeline.trialloglevel import effect_of_level, level_knob
from twinbuild.pipeline.trialrecord import TrialRun, finding_at
from twinbuild.pipeline.trying import Trial
from twinbuild.trial.asking import NoAnswer
from twinbuild.trial.comparing import Mismatch, mismatch_of

__all__ = ["Starting", "try_changes"]

Starting = Callable[[tuple[tuple[str, str], ...], tuple[Bind, ...]], AbstractContextManager[Trial]]
"""Starts the service with variables and mounts beside its own."""

_PAUSE: Final = 0.02
_MOMENT: Final = 1.0  # seconds until a new log level has its effect
_NO_VALUE: Final = "no value"  # of no type but string


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A change of the spec, with its place among them and its knob."""

    index: int
    change: Change
    knob: Knob

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
        return f"golden test {self.change.golden!r}"

    def finding(self, project: Project, code: str, message: str, hint: str, key: str) -> Finding:
        return finding_at(project, code, message, hint, "tests", "changes", self.index, key)


def try_changes(project: Project, run: TrialRun, started: Starting, *, scratch: Path) -> None:
    """Try every change of the spec, and a log level that may change at run time. Raises what a start raises."""
    level = level_knob(project)
    levels = [level] if level is not None and level[0].runtime_change else []
    cases = tuple(_cases(project))
    if run.findings or not (cases or levels):
        return
    with tempfile.TemporaryDirectory(prefix="live-", dir=scratch) as name:
        directory = Path(name)
        with started((), (Bind(source=str(directory), target=LIVE),)) as service:
            for case in cases:
                if case.knob.runtime_change:
                    run.findings += _changed_live(project, service, directory, case)
            for knob, value in levels if not run.findings else ():
                run.findings += _quieter(project, service, directory, knob, value)
            if not run.findings:
                run.findings += _without_effect(project, service, directory, cases)
    for case in cases:
        if run.findings:
            return
        if not case.knob.runtime_change:
            with started(((case.variable, case.text),), ()) as service:
                run.findings += _restarted(project, service, case)
    run.observed["changes"] = [
        *(
            {"knob": case.knob.name, "value": case.text, "how": "live" if case.knob.runtime_change else "restart"}
            for case in cases
        ),
        *({"knob": knob.name, "value": value, "how": "live"} for knob, value in levels),
    ]


def _cases(project: Project) -> Iterator[_Case]:
    knobs = {knob.name: knob for knob in project.spec.configuration.parameters}
    for index, change in enumerate(project.spec.tests.changes):
        yield _Case(index=index, change=change, knob=knobs[change.knob])


def _restarted(project: Project, service: Trial, case: _Case) -> Iterator[Finding]:
    if found := _unlike(project, service, case.change, case.change.expect):
        what = f"started with {case.variable}={case.text}, {case.told}: {found}"
        hint = f"let the service take {case.variable} over at its start, or expect another answer"
        yield case.finding(project, "TB7233", what, hint, "expect")


def _changed_live(project: Project, service: Trial, directory: Path, case: _Case) -> Iterator[Finding]:
    """The change has its effect in time, and so has its end."""
    change = case.change
    hint = f"read {case.file} at each request, or when it changes; raise 'within' if that takes longer"
    _put(directory, case.variable, case.text)
    if found := _unlike(project, service, change, change.expect, wait=True):
        what = f"{change.within} after {case.file} became {case.text!r}, {case.told}: {found}"
        yield case.finding(project, "TB7230", what, hint, "expect")
        return
    (directory / case.variable).unlink()
    if found := _unlike(project, service, change, _usual(project, change), wait=True):
        what = f"{change.within} after {case.file} went, {case.told}: {found}"
        yield case.finding(project, "TB7230", what, hint, "within")


def _without_effect(project: Project, service: Trial, directory: Path, cases: tuple[_Case, ...]) -> tuple[Finding, ...]:
    """What is no value, and what needs a restart, changes nothing while the service runs.

    All files are there at once; only where something differs are they tried one by one, to tell which it was.
    """
    found = _with_files(project, service, directory, cases)
    if not found or len(cases) == 1:
        return found
    alone = (_with_files(project, service, directory, (case,)) for case in cases)
    return next((each for each in alone if each), found[:1])


def _with_files(project: Project, service: Trial, directory: Path, cases: tuple[_Case, ...]) -> tuple[Finding, ...]:
    for file in directory.iterdir():
        file.unlink()
    for case in cases:
        if not case.knob.runtime_change:
            _put(directory, case.variable, case.text)
        elif case.knob.type != "string":  # of which every text is a value
            _put(directory, case.variable, _NO_VALUE)
    time.sleep(max((float(duration_seconds(case.change.within)) for case in cases), default=0.0))
    return tuple(finding for case in cases for finding in _affected(project, service, case))


def _affected(project: Project, service: Trial, case: _Case) -> Iterator[Finding]:
    found = _unlike(project, service, case.change, _usual(project, case.change))
    if found and case.knob.runtime_change:
        what = f"once {case.file} was {_NO_VALUE!r}, {case.told}: {found}"
        hint = "keep the last good value where a text is no value of the knob"
        yield case.finding(project, "TB7231", what, hint, "knob")
    elif found:
        what = f"without a restart, {case.told} has another answer once {case.file} is there: {found}"
        hint = "set runtime_change: true if that is meant; or read the variable at the start alone"
        yield case.finding(project, "TB7232", what, hint, "knob")


def _quieter(project: Project, service: Trial, directory: Path, knob: Knob, level: str) -> Iterator[Finding]:
    """From the most severe log level on, no line of a lesser one is written."""
    assert knob.variable is not None
    _ask_all(project, service)
    plain = service.output
    _put(directory, knob.variable, level)
    time.sleep(_MOMENT)
    before = len(service.output)
    _ask_all(project, service)
    yield from effect_of_level(project, knob, level, plain=plain, severe=service.output[before:])
    (directory / knob.variable).unlink()


def _ask_all(project: Project, service: Trial) -> None:
    for golden in project.spec.tests.golden:
        service.ask(question_of(golden, service))


def _usual(project: Project, change: Change) -> Expectation:
    """What the golden test expects without a change."""
    return next(golden.expect for golden in project.spec.tests.golden if golden.name == change.golden)


def _unlike(
    project: Project, service: Trial, change: Change, expected: Expectation, *, wait: bool = False
) -> Mismatch | str | None:
    """How the answer differs from what is expected; ``wait``: at the end of the change's time."""
    golden = next(golden for golden in project.spec.tests.golden if golden.name == change.golden)
    question = question_of(golden, service)
    end = time.monotonic() + (float(duration_seconds(change.within)) if wait else 0.0)
    while True:
        try:
            answer = service.ask(question)
        except NoAnswer as error:
            return f"no answer: {error}"
        found = mismatch_of(answer, status=expected.status, body=expected.body, tolerance=expected.tolerance)
        if found is None or time.monotonic() >= end:
            return found
        time.sleep(_PAUSE)


def _put(directory: Path, variable: str, text: str) -> None:
    """A file with another content: at once, as a volume of Kubernetes changes."""
    new = directory / f"..{variable}"
    new.write_text(text)
    new.replace(directory / variable)
