"""One image's tests: started twice, asked the same questions, measured.

The two starts must give the same bytes for the same question; of an answer only status and body count, since headers
hold the date. Limits of time are tried up to three times, for whatever else the machine does can only slow it down:
one round that keeps all of them is enough. Nothing else is tried again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twinbuild.build.preflight import REFUSED
from twinbuild.build.sandbox import Bind
from twinbuild.errors import EnvironmentFault, Finding, TwinbuildError
from twinbuild.model.knobs import LIVE
from twinbuild.model.plan import Derivation
from twinbuild.model.spec.values import duration_seconds
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.run.trying import Bounds, Trial, trial
from twinbuild.pipeline.trial.accuracy import try_accuracy
from twinbuild.pipeline.trial.fallbacks import dead_services
from twinbuild.pipeline.trial.files import TrialFiles
from twinbuild.pipeline.trial.golden import ask_golden, otherwise_answered, question_of
from twinbuild.pipeline.trial.live import try_changes
from twinbuild.pipeline.trial.load import put_under_load
from twinbuild.pipeline.trial.loglevel import effect_of_level, has_lesser, level_knob
from twinbuild.pipeline.trial.logs import log_findings
from twinbuild.pipeline.trial.proof import provable, prove, unprovable
from twinbuild.pipeline.trial.record import TrialRun, finding_at, note_measure
from twinbuild.pipeline.trial.restart import Held, held, need_a_restart
from twinbuild.pipeline.trial.schemas import output_findings, try_refusals
from twinbuild.pipeline.trial.told import told_by_spec
from twinbuild.pipeline.trial.traces import prove_traces, rarely, received_traces, trial_environment
from twinbuild.pipeline.trial.watch import Watching, watching
from twinbuild.trial.asking import NoAnswer
from twinbuild.trial.comparing import shortened
from twinbuild.trial.limits import memory_measure, startup_measure
from twinbuild.trial.receiver import Received

__all__ = ["TooSmall", "TrialRun", "run_trial"]

STARTS: Final = 2
_GRACE: Final = 0.1  # seconds after the last answer, in which a service that fails then does so
_PATIENCE: Final = 300.0  # seconds that a service gets to start


class TooSmall(Exception):
    """The image's own check refused this machine: its memory, or its accelerator."""


def run_trial(
    project: Project, derivation: Derivation, root: Path, machine: Machine, files: TrialFiles, *, image: str = ""
) -> TrialRun:
    """Try the image of this digest that is unpacked at ``root``.

    Raises TooSmall, EnvironmentFault TB5910 without a sandbox.
    """
    trying = _Trying(project=project, derivation=derivation, root=root, machine=machine, image=image)
    who = f"{derivation.variant} {derivation.platform}"
    run = TrialRun()
    startups: list[float] = []
    peaks: list[int] = []
    for number, start in enumerate((_first, _second)):
        machine.progress(f"testing {who}", number, STARTS)
        try:
            seconds, peak = start(trying, run, files)
            startups.append(seconds)
            peaks.append(peak)
        except TwinbuildError as error:
            run.findings += _died(project, error, trying.bounds)
            if error.findings[0].code == "TB5910":
                raise
        if run.findings:
            break
    _level(trying, run)
    _changes(trying, run)
    if startups:
        note_measure(project, run, startup_measure(min(startups), project.spec.tests.performance), "TB7206")
    if any(peaks):
        note_measure(project, run, memory_measure(max(peaks), project.spec.tests.performance), "TB7207")
    if tried := {golden.fallback for golden in project.spec.tests.golden if golden.fallback}:
        run.observed["fallbacks"] = sorted(tried)
    run.observed["startup_seconds"] = [round(each, 3) for each in startups]
    return run


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trying:
    """Which image is tried, and where."""

    project: Project
    derivation: Derivation
    root: Path
    machine: Machine
    image: str

    @property
    def bounds(self) -> Bounds:
        """What its service may take."""
        return told_by_spec(self.project.spec, self.derivation, watched=()).bounds


def _first(trying: _Trying, run: TrialRun, files: TrialFiles) -> tuple[float, int]:
    """The start that is asked everything: its seconds, and its memory in bytes. Raises TooSmall."""
    project = trying.project
    with _started(trying, watch=None, every=rarely(project.spec), first=True) as (service, seconds):
        _asked(project, service, run, files, first=True, image=trying.image)
        return seconds, _seen_off(trying, service, run)


def _second(trying: _Trying, run: TrialRun, files: TrialFiles) -> tuple[float, int]:
    """The start that is watched, and then sees other values of knobs that need a restart."""
    project, scratch = trying.project, trying.machine.scratch
    with (
        watching(trying.root, project.spec, scratch=scratch) as watch,
        held(project, scratch=scratch) as there,
        _started(trying, watch=watch, binds=(there.bind,) if there is not None else ()) as (service, seconds),
    ):
        watch.asking()
        _asked(project, service, run, files, first=False, image=trying.image)
        run.findings += watch.findings(project)
        run.observed["environment_watched"] = watch.watched
        run.observed["steps"] = list(watch.ran(project.spec))
        if there is not None and not run.findings:
            with dead_services(project.spec, service, silent=False):
                run.findings += _held(project, service, run, there)
        return seconds, _seen_off(trying, service, run)


def _held(project: Project, service: Trial, run: TrialRun, there: Held) -> list[Finding]:
    """What other values change without a restart."""
    try:
        return list(need_a_restart(project, service, run, there))
    except (NoAnswer, TwinbuildError) as error:
        told = f"with other values of knobs that need a restart in {LIVE}, the service does not answer"
        what = f"{told}: {shortened(str(error))}"
        hint = "look at the service's log with `twinbuild run`"
        return [finding_at(project, "TB7203", what, hint, "configuration", "parameters")]


def _seen_off(trying: _Trying, service: Trial, run: TrialRun) -> int:
    """What can be seen only at the end of a start: whether it still runs, all that it has printed, and its memory."""
    project = trying.project
    peak = service.memory()
    service.service.wait(_GRACE)
    if service.service.ended:
        run.findings.append(_ended(project, service.service.wait()))  # raises where a limit ended it
        return peak
    run.output = service.whole_output()
    if not run.findings:
        run.findings += log_findings(project, run.output, trying.image)
        run.observed["log_lines"] = run.output.count(b"\n")
    if not peak:
        hint = "run it again; if it stays so, run it by hand with `twinbuild run`"
        what = "the memory of the service could not be read"
        run.findings.append(finding_at(project, "TB7207", what, hint, "tests"))
    return peak


def _level(trying: _Trying, run: TrialRun) -> None:
    """Start once more with the most severe log level, where there is a knob for it, and ask the golden tests again."""
    project = trying.project
    if run.findings or (chosen := level_knob(project)) is None or not project.spec.tests.golden:
        return
    knob, level = chosen
    assert knob.variable is not None
    setting = (knob.variable, level)
    try:
        with _started(trying, setting, watch=None) as (service, _):
            with dead_services(project.spec, service, silent=False):
                run.findings += otherwise_answered(project, service, run, f"with {knob.variable}={level}")
            severe = service.whole_output()
    except (NoAnswer, TwinbuildError) as error:
        what = f"with {knob.variable}={level} the service does not answer: {error}"
        hint = "try it with `twinbuild run --env`; take the value out of the knob if it is none"
        run.findings.append(finding_at(project, "TB7203", shortened(what), hint, "configuration", "parameters"))
        return
    run.findings += effect_of_level(project, knob, level, plain=run.output, severe=severe)
    run.findings += log_findings(project, severe, trying.image)
    if has_lesser(project, run.output, level):
        lines = {"lines": severe.count(b"\n"), "by_default": run.output.count(b"\n")}
        run.observed["log_level"] = {"value": level, **lines}


def _changes(trying: _Trying, run: TrialRun) -> None:
    """Start it once more to change knobs while it runs, and once for each other value that needs a restart."""

    @contextmanager
    def started(settings: tuple[tuple[str, str], ...], binds: tuple[Bind, ...]) -> Iterator[Trial]:
        with (
            _started(trying, *settings, watch=None, binds=binds) as (service, _),
            dead_services(trying.project.spec, service, silent=False),
        ):
            yield service
            service.service.wait(_GRACE)
            if service.service.ended:
                run.findings.append(_ended(trying.project, service.service.wait()))
            elif not run.findings:
                run.findings += log_findings(trying.project, service.whole_output(), trying.image)

    try:
        try_changes(trying.project, run, started, scratch=trying.machine.scratch)
    except NoAnswer as error:
        what = f"while knobs are changed the service does not answer: {error}"
        hint = "look at the service's log with `twinbuild run`"
        run.findings.append(finding_at(trying.project, "TB7203", what, hint, "tests", "changes"))
    except TwinbuildError as error:
        run.findings += _died(trying.project, error, trying.bounds)


@contextmanager
def _started(
    trying: _Trying,
    *settings: tuple[str, str],
    watch: Watching | None,
    every: bool = False,
    binds: tuple[Bind, ...] = (),
    first: bool = False,
) -> Iterator[tuple[Trial, float]]:
    """The service once it is ready, and how many seconds that took; with ``settings`` over what it is told.

    Raises TooSmall, in the ``first`` start alone: one that came after it is no matter of the machine.
    """
    spec = trying.project.spec
    limits = spec.tests.performance
    patience = max(_PATIENCE, 3 * float(duration_seconds(limits.startup)) if limits and limits.startup else 0.0)
    watched = trial_environment(spec, trying.image, every=every)
    told = told_by_spec(spec, trying.derivation, *settings, watched=watched)
    begun = time.perf_counter()
    with trial(
        trying.derivation.config,
        trying.root,
        trying.machine,
        serving=spec.serving,
        told=told,
        binds=(*(watch.binds if watch is not None else ()), *binds),
    ) as service:
        try:
            service.wait_until_ready(patience)
        except EnvironmentFault:
            refused = first and service.service.ended and service.service.wait() == REFUSED
            if refused and "refuses to start: TB540" in service.last_words():
                raise TooSmall(shortened(service.last_words())) from None
            raise
        yield service, time.perf_counter() - begun


def _asked(project: Project, service: Trial, run: TrialRun, files: TrialFiles, *, first: bool, image: str) -> None:
    """Everything that is asked of one start; what can be seen of it, and load, are the first one's."""
    spec = project.spec
    with (
        received_traces(spec, service) as received,
        dead_services(spec, service, silent=not first) as dead,
    ):
        ask_golden(project, service, run, dead, first=first)
        if first and not run.findings:
            _watch(project, service, run, image)
        if received is not None and (first or rarely(spec)) and not run.findings:
            _traced(project, service, run, received, image, every=first and rarely(spec))
        if first and not run.findings:
            _once(project, service, run, files)


def _ended(project: Project, status: int | None) -> Finding:
    """That a service is no more, although nobody ended it."""
    what = f"the service ended by itself with status {status} once it had answered"
    hint = "run it by hand with `twinbuild run`, and look at its output"
    return finding_at(project, "TB7201", what, hint, "serving", "command")


def _watch(project: Project, service: Trial, run: TrialRun, image: str) -> None:
    """What can be seen of it is there."""
    run.findings += prove(project, service, image)
    observability = project.spec.observability
    proven = [metric.name for metric in provable(observability)]
    if proven:
        run.observed["metrics"] = proven
    if others := unprovable(observability):
        run.observed["not_provable_here"] = list(others)


def _traced(project: Project, service: Trial, run: TrialRun, received: Received, image: str, *, every: bool) -> None:
    """Traces of the first golden test's request."""
    golden = project.spec.tests.golden
    if not golden:
        return
    try:
        found, seen = prove_traces(project, service, received, question_of(golden[0], service), image, every=every)
    except NoAnswer as error:
        what = f"a request with a traceparent got no answer: {error}"
        hint = "look at the service's log with `twinbuild run`"
        run.findings.append(finding_at(project, "TB7203", what, hint, "observability", "tracing"))
        return
    run.findings += found
    run.observed["traces"] = "; ".join(filter(None, (run.observed.get("traces"), seen)))


def _once(project: Project, service: Trial, run: TrialRun, files: TrialFiles) -> None:
    """What one start is enough for, if it answers well: data schemas, accuracy, load."""
    run.findings += output_findings(project, files, run.answers)
    refused, findings = try_refusals(project, service, files)
    measured, worse = try_accuracy(project, service, files)
    run.findings += [*findings, *worse]
    if refused:
        run.observed["refused_requests"] = refused
    if measured:
        run.observed["accuracy"] = measured
    put_under_load(project, service, run)


def _died(project: Project, error: TwinbuildError, bounds: Bounds) -> Iterator[Finding]:
    """What ended the service, as a finding of the test."""
    for finding in error.findings:
        if finding.code == "TB5915":
            what = (
                f"the service took more memory than its container may have, {bounds.memory} bytes, and was killed: "
                f"{finding.message}"
            )
            hint = "raise environment.resources.memory.limit, or load less at once"
            yield finding_at(project, "TB7208", what, hint, "environment", "resources", "memory", "limit")
        else:
            hint, at = "run it by hand with `twinbuild run`, and look at its output", ["serving", "command"]
            if finding.where.pointer:  # of the probe that it did not answer
                hint, at = finding.hint, finding.where.pointer[1:].split("/")
            yield finding_at(project, "TB7201", f"the service failed: {finding.message}", hint, *at)
