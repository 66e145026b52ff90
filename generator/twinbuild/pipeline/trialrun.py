"""One image's tests: started twice, asked the same questions, measured.

The two starts must give the same bytes for the same question; of an answer only status and body count, since headers
hold the date. Limits of time are tried up to three times, for whatever else the machine does can only slow it down:
one round that keeps all of them is enough. Nothing else is tried again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from twinbuild.errors import EnvironmentFault, Finding, Location, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.plan import Derivation
from twinbuild.model.spec.tests import Golden
from twinbuild.model.spec.values import duration_seconds
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.trialaccuracy import try_accuracy
from twinbuild.pipeline.trialfallbacks import dead_services, fallback_findings, service_environment
from twinbuild.pipeline.trialfiles import TrialFiles
from twinbuild.pipeline.trialloglevel import effect_of_level, level_knob
from twinbuild.pipeline.trialproof import provable, prove, unprovable
from twinbuild.pipeline.trialschemas import output_findings, try_refusals
from twinbuild.pipeline.trialtraces import prove_traces, received_traces, trial_environment
from twinbuild.pipeline.trialwatch import Watching, watching
from twinbuild.pipeline.trying import Bounds, Trial, bounds_of, stand_ins, trial
from twinbuild.trial.asking import Answer, NoAnswer, Question
from twinbuild.trial.comparing import Mismatch, mismatch_of, shortened
from twinbuild.trial.dead import Dead
from twinbuild.trial.limits import Measure, load_measures, memory_measure, startup_measure
from twinbuild.trial.loading import Load, under_load
from twinbuild.trial.receiver import Received

__all__ = ["TooSmall", "TrialRun", "run_trial"]

STARTS: Final = 2
ROUNDS: Final = 3  # of load, until one keeps all limits
_GRACE: Final = 0.1  # seconds after the last answer, in which a service that fails then does so
_PATIENCE: Final = 300.0  # seconds that a service gets to start


class TooSmall(Exception):
    """The image's own check refused this machine: its memory, or its accelerator."""


class TrialRun:
    """What was found and seen so far. ``observed`` becomes JSON; ``answers`` are the first start's, by golden test."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.observed: dict[str, Any] = {}
        self.answers: dict[str, Answer] = {}
        self.output = b""  # of the last start


def run_trial(
    project: Project, derivation: Derivation, root: Path, machine: Machine, files: TrialFiles, *, image: str = ""
) -> TrialRun:
    """Try the image of this digest that is unpacked at ``root``.

    Raises TooSmall, EnvironmentFault TB5910 without a sandbox.
    """
    spec = project.spec
    variant = next(each for each in spec.environment.variants if each.name == derivation.variant)
    bounds = bounds_of(spec.environment.resources_of(variant))
    who = f"{derivation.variant} {derivation.platform}"
    run = TrialRun()
    startups: list[float] = []
    peaks: list[int] = []
    for start in range(STARTS):
        machine.progress(f"testing {who}", start, STARTS)
        try:
            with (
                watching(root, spec.source.target, scratch=machine.scratch) as watch,
                _started(
                    project, derivation, root, machine, bounds=bounds, watch=watch if start else None, image=image
                ) as (service, seconds),
            ):
                startups.append(seconds)
                _asked(project, service, run, files, first=start == 0, image=image)
                if start:
                    run.findings += watch.findings(project)
                    run.observed["environment_watched"] = watch.watched
                peaks.append(service.memory())
                run.output = service.output
                service.service.wait(_GRACE)
                if service.service.ended:
                    run.findings.append(_ended(project, service.service.wait()))  # raises where a limit ended it
        except TwinbuildError as error:
            run.findings += _died(project, error, bounds)
            if error.findings[0].code == "TB5910":
                raise
        if run.findings:
            break
    _level(project, derivation, root, machine, run, bounds=bounds, image=image)
    if startups:
        _limits(project, run, startup_measure(min(startups), spec.tests.performance), "TB7206")
    if peaks:
        _limits(project, run, memory_measure(max(peaks), spec.tests.performance), "TB7207")
    if tried := {golden.fallback for golden in spec.tests.golden if golden.fallback}:
        run.observed["fallbacks"] = sorted(tried)
    run.observed["startup_seconds"] = [round(each, 3) for each in startups]
    return run


def _level(
    project: Project, derivation: Derivation, root: Path, machine: Machine, run: TrialRun, *, bounds: Bounds, image: str
) -> None:
    """Start once more with the most severe log level, where there is a knob for it, and ask the golden tests again."""
    if run.findings or (chosen := level_knob(project)) is None or not project.spec.tests.golden:
        return
    knob, level = chosen
    assert knob.variable is not None
    try:
        with _started(
            project,
            derivation,
            root,
            machine,
            bounds=bounds,
            watch=None,
            image=image,
            environment=((knob.variable, level),),
        ) as (service, _):
            with dead_services(project.spec, service, silent=False):
                for golden in project.spec.tests.golden:
                    service.ask(question_of(golden, service))
            severe = service.output
    except (NoAnswer, TwinbuildError) as error:
        what = f"with {knob.variable}={level} the service does not answer: {error}"
        hint = "try it with `twinbuild run --env`; take the value out of the knob if it is none"
        run.findings.append(_finding(project, "TB7203", shortened(what), hint, "configuration", "parameters"))
        return
    run.findings += effect_of_level(project, knob, level, plain=run.output, severe=severe)
    run.observed["log_level"] = {"value": level, "lines": severe.count(b"\n"), "by_default": run.output.count(b"\n")}


@contextmanager
def _started(
    project: Project,
    derivation: Derivation,
    root: Path,
    machine: Machine,
    *,
    bounds: Bounds,
    watch: Watching | None,
    image: str,
    environment: tuple[tuple[str, str], ...] = (),
) -> Iterator[tuple[Trial, float]]:
    """The service once it is ready, and how many seconds that took."""
    binds = watch.binds if watch is not None else ()
    limits = project.spec.tests.performance
    patience = max(_PATIENCE, 3 * float(duration_seconds(limits.startup)) if limits and limits.startup else 0.0)
    begun = time.perf_counter()
    told = (
        *stand_ins(project.spec.secrets),
        *trial_environment(project.spec, image),
        *service_environment(project.spec),
        *environment,
    )
    with trial(
        derivation,
        root,
        machine,
        serving=project.spec.serving,
        bounds=bounds,
        environment=told,
        binds=binds,
    ) as service:
        try:
            service.wait_until_ready(patience)
        except EnvironmentFault:
            if service.service.ended and "refuses to start: TB540" in service.last_words():
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
        _ask(project, service, run, dead, first=first)
        if first and not run.findings:
            _watch(project, service, run, received, image)
        if first and not run.findings:
            _once(project, service, run, files)


def question_of(golden: Golden, service: Trial) -> Question:
    """What a golden test asks."""
    request = golden.request
    headers = tuple(request.headers.items())
    return Question.of(request.method, request.path, service.port(request.port), request.body, headers)


def _ask(project: Project, service: Trial, run: TrialRun, dead: Mapping[str, Dead], *, first: bool) -> None:
    """All golden tests, in order; in a later start the answers must be those of the first, byte for byte."""
    for index, golden in enumerate(project.spec.tests.golden):
        unanswering = dead.get(golden.fallback or "")
        before = unanswering.asked if unanswering is not None else 0
        try:
            answer = service.ask(question_of(golden, service))
        except NoAnswer as error:
            what = f"golden test {golden.name!r} got no answer: {error}"
            hint = "look at the service's log with `twinbuild run`"
            run.findings.append(_finding(project, "TB7203", what, hint, "tests", "golden", index, "request"))
            continue
        if unanswering is not None:
            run.findings += fallback_findings(project, index, answer, asked=unanswering.asked - before)
        if not first:
            run.findings += _unlike(project, index, golden, run.answers.get(golden.name), answer)
            continue
        run.answers[golden.name] = answer
        run.observed.setdefault("golden", []).append(
            {
                "name": golden.name,
                "status": answer.status,
                "answer": str(Digest.of(answer.body)),
                "seconds": round(answer.seconds, 6),
            }
        )
        expected = golden.expect
        found = mismatch_of(answer, status=expected.status, body=expected.body, tolerance=expected.tolerance)
        if found is not None:
            run.findings.append(_mismatched(project, index, golden, found))


def _mismatched(project: Project, index: int, golden: Golden, found: Mismatch) -> Finding:
    key = ("body", *_steps(found.pointer)) if not found.expected.startswith("status ") else ("status",)
    return _finding(
        project,
        "TB7202",
        f"golden test {golden.name!r}: {found}",
        "mend the model or the service; or, if the new answer is right, write it down as the expected one",
        *("tests", "golden", index, "expect", *key),
    )


def _steps(pointer: str) -> tuple[int | str, ...]:
    parts = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    return tuple(int(part) if part.isascii() and part.isdigit() else part for part in parts)


def _unlike(project: Project, index: int, golden: Golden, first: Answer | None, second: Answer) -> Iterator[Finding]:
    if first is None or (first.status, first.body) == (second.status, second.body):
        return
    at = next((at for at, (one, other) in enumerate(zip(first.body, second.body, strict=False)) if one != other), None)
    place = min(len(first.body), len(second.body)) if at is None else at
    around = slice(max(0, place - 20), place + 20)
    one, other = (shortened(body[around].decode(errors="replace")) for body in (first.body, second.body))
    yield _finding(
        project,
        "TB7204",
        f"golden test {golden.name!r}: two starts of one image answer differently, from byte {place} of the body: "
        f"{one!r} and {other!r}",
        "fix seeds and the number of threads, and leave times and random identifiers out of the body",
        *("tests", "golden", index),
    )


def _ended(project: Project, status: int | None) -> Finding:
    """That a service is no more, although nobody ended it."""
    what = f"the service ended by itself with status {status} once it had answered"
    hint = "run it by hand with `twinbuild run`, and look at its output"
    return _finding(project, "TB7201", what, hint, "serving", "command")


def _watch(project: Project, service: Trial, run: TrialRun, received: Received | None, image: str) -> None:
    """What can be seen of it is there."""
    run.findings += prove(project, service, image)
    observability = project.spec.observability
    proven = [metric.name for metric in provable(observability)]
    if proven:
        run.observed["metrics"] = proven
    if others := unprovable(observability):
        run.observed["not_provable_here"] = list(others)
    golden = project.spec.tests.golden
    if received is not None and golden and not run.findings:
        try:
            found, seen = prove_traces(project, service, received, question_of(golden[0], service), image)
        except NoAnswer as error:
            what = f"a request with a traceparent got no answer: {error}"
            hint = "look at the service's log with `twinbuild run`"
            run.findings.append(_finding(project, "TB7203", what, hint, "observability", "tracing"))
            return
        run.findings += found
        run.observed["traces"] = seen


def _load(project: Project, service: Trial, run: TrialRun) -> None:
    """Up to three rounds of load, until one keeps all limits of time."""
    tests = project.spec.tests
    limits = tests.performance
    if limits is None or not tests.golden:
        return
    by_question = {question_of(golden, service): golden for golden in tests.golden}

    def expected(question: Question, answer: Answer) -> str:
        golden = by_question[question]
        known = run.answers[golden.name]
        return "" if (answer.status, answer.body) == (known.status, known.body) else golden.name

    rounds: list[list[Measure]] = []
    load: Load | None = None
    while len(rounds) < ROUNDS and not (rounds and all(each.kept for each in rounds[-1])):
        try:
            load = under_load(
                service.questioner,
                tuple(by_question),
                requests=limits.requests,
                concurrency=limits.concurrency,
                expected=expected,
            )
        except NoAnswer as error:
            service.raise_if_ended(service.port())
            what = f"under load the service gave no answer: {error}"
            hint = "look at its log with `twinbuild run`; lower tests.performance.concurrency to what it can take"
            run.findings.append(_finding(project, "TB7203", what, hint, "tests", "performance"))
            return
        if load.failures:
            what = (
                f"under load {len(load.failures)} of {limits.requests} answers were others than before, first to the "
                f"request of golden test {load.failures[0]!r}"
            )
            hint = "make answers independent of other requests that are under way"
            run.findings.append(_finding(project, "TB7204", what, hint, "tests", "performance"))
            return
        rounds.append(list(load_measures(load, limits)))
    best = max(rounds, key=lambda measures: sum(each.kept for each in measures))
    run.observed["load"] = {"requests": limits.requests, "concurrency": limits.concurrency, "rounds": len(rounds)}
    for measure in best:
        _limits(project, run, measure, "TB7205", also=f" in the best of {len(rounds)} rounds")


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
    _load(project, service, run)


def _limits(project: Project, run: TrialRun, measure: Measure, code: str, *, also: str = "") -> None:
    """Note a figure, and object where it is beyond its limit."""
    run.observed.setdefault("figures", {})[measure.key] = round(measure.value, 6)
    if measure.limit is not None:
        run.observed.setdefault("limits", {})[measure.key] = measure.limit
    if not measure.kept:
        what = f"{measure.key} is {measure.shown}{also}, expected {measure.allowed}"
        hint = "make the service faster or smaller, or set a limit that it can keep"
        run.findings.append(_finding(project, code, what, hint, "tests", "performance", measure.key))


def _died(project: Project, error: TwinbuildError, bounds: Bounds) -> Iterator[Finding]:
    """What ended the service, as a finding of the test."""
    for finding in error.findings:
        if finding.code == "TB5915":
            what = (
                f"the service took more memory than its container may have, {bounds.memory} bytes, and was killed: "
                f"{finding.message}"
            )
            hint = "raise environment.resources.memory.limit, or load less at once"
            yield _finding(project, "TB7208", what, hint, "environment", "resources", "memory", "limit")
        else:
            hint = "run it by hand with `twinbuild run`, and look at its output"
            yield _finding(project, "TB7201", f"the service failed: {finding.message}", hint, "serving", "command")


def _finding(project: Project, code: str, message: str, hint: str, *at: int | str) -> Finding:
    return Finding(code=code, message=message, hint=hint, where=project.loaded.where(*at) if at else Location())
