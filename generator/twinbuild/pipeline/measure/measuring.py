"""Measure: the image under load with each knob at its bounds and its default, beside the impact that is declared.

Figures never repeat, so they stand in no file that a digest covers: in ``run.json``, and in a statement about the
image.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

from twinbuild import __version__
from twinbuild.codec.canonical import canonical
from twinbuild.deploy.configuration import definitions
from twinbuild.deploy.observability.environment import identity_environment
from twinbuild.errors import EnvironmentFault, UsageError
from twinbuild.model import knobs
from twinbuild.model.image import Image
from twinbuild.model.plan import Derivation
from twinbuild.model.spec.knob import Knob
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.run.trying import Trial, trial
from twinbuild.pipeline.trial.golden import question_of
from twinbuild.pipeline.trial.told import told_by_spec
from twinbuild.pipeline.trial.traces import STAND_IN_RELEASE
from twinbuild.trial.asking import Answer, NoAnswer, Question
from twinbuild.trial.impact import DIMENSIONS, Judgement, Point, judge
from twinbuild.trial.loading import percentile, under_load

__all__ = ["Measured", "facts", "measure_knobs", "passed_over", "silent", "statement_of_measurements", "stretch"]

ROUNDS: Final = 3
_WARM: Final = 20  # requests before those that count
_PATIENCE: Final = 300.0  # seconds that a service gets to start
_PREDICATE: Final = "https://twinbuild.dev/attestation/knob-measurements/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A knob at its values, from the lowest on, and what follows; ``left_out`` says why a value was not measured."""

    knob: str
    points: tuple[Point, ...]
    judgements: tuple[Judgement, ...]
    left_out: tuple[tuple[str, str], ...]


class _Round(NamedTuple):
    """Of one start: seconds to answer (percentiles), answers per second, bytes."""

    latency: float
    throughput: float
    memory: float
    latency_p95: float
    latency_p99: float


def measure_knobs(
    project: Project,
    derivation: Derivation,
    root: Path,
    machine: Machine,
    *,
    image: str,
    names: tuple[str, ...] = (),
    requests: int = 0,
) -> tuple[Measured, ...]:
    """Measure knobs of the image of this digest that is unpacked at ``root``.

    Those that are named, or all with a declared impact. ``requests`` a round, 0: as many as ``tests.performance`` says.
    Raises UsageError TB7110 where nothing can be measured, TB7111 for an unknown knob, EnvironmentFault TB7112 where
    the service gives no answer.
    """
    spec = project.spec
    if not spec.tests.golden:
        raise UsageError.of(
            "TB7110", "the spec has no golden test, so nothing can be asked", hint="add tests.golden", where="tests"
        )
    chosen = _chosen(project, names)
    count = requests or (spec.tests.performance.requests if spec.tests.performance is not None else 50)
    found = []
    for number, knob in enumerate(chosen):
        machine.progress(f"measuring {knob.name}", number, len(chosen))
        allowed, left_out = _values(project, knob)

        def measure(text: str, knob: Knob = knob) -> _Round:
            return _round(project, derivation, root, machine, image=image, setting=(knob, text), requests=count)

        points = _points(allowed, {}, measure)
        if any(one.verdict == "contradicts" for one in _judged(knob, points)):
            points = _points(allowed, {point.text: point for point in points}, measure)
        found.append(
            Measured(knob=knob.name, points=points, judgements=tuple(_judged(knob, points)), left_out=left_out)
        )
    return tuple(found)


def _points(texts: tuple[str, ...], before: Mapping[str, Point], measure: Callable[[str], _Round]) -> tuple[Point, ...]:
    """Some rounds of each value, in turn and back, so that what else the machine does meets all of them alike."""
    rounds: dict[str, list[_Round]] = {text: [] for text in texts}
    for text, point in before.items():
        rounds[text] += map(_Round._make, zip(*(point.rounds(name) for name in _Round._fields), strict=True))
    for number in range(ROUNDS):
        for text in texts if number % 2 == 0 else reversed(texts):
            rounds[text].append(measure(text))
    return tuple(
        Point(
            text=text,
            latency=tuple(each.latency for each in figures),
            throughput=tuple(each.throughput for each in figures),
            memory=tuple(each.memory for each in figures),
            latency_p95=tuple(each.latency_p95 for each in figures),
            latency_p99=tuple(each.latency_p99 for each in figures),
        )
        for text, figures in rounds.items()
    )


def _chosen(project: Project, names: tuple[str, ...]) -> tuple[Knob, ...]:
    settable = [knob for knob in project.spec.configuration.parameters if knob.variable is not None]
    unknown = [name for name in names if name not in {knob.name for knob in settable}]
    if unknown:
        known = ", ".join(knob.name for knob in settable) or "none"
        raise UsageError.of(
            "TB7111", f"got the knob {unknown[0][:80]!r}, expected one of {known}", hint="name a knob", where="--knob"
        )
    chosen = [knob for knob in settable if (knob.name in names if names else knob.impact is not None)]
    if not chosen:
        raise UsageError.of(
            "TB7110",
            "no knob declares an impact, so there is nothing to hold a measurement against",
            hint="name knobs with --knob, or give them an 'impact'",
            where="configuration.parameters",
        )
    return tuple(chosen)


def passed_over(project: Project, names: tuple[str, ...] = ()) -> tuple[tuple[str, str], ...]:
    """The knobs that ``measure_knobs`` leaves out, each with the reason; where some are named, nobody misses others."""
    return tuple(
        (knob.name, "declares no impact" if knob.variable is not None else "is a hyper-parameter, which nobody sets")
        for knob in project.spec.configuration.parameters
        if not names and (knob.impact is None or knob.variable is None)
    )


def _values(project: Project, knob: Knob) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """The texts to measure, from the lowest on, and those that a rule forbids, with the reason."""
    candidates: list[object] = [knob.minimum, knob.default, knob.maximum]
    if knob.type == "bool":
        candidates = [False, True]
    elif knob.type == "enum":
        candidates = list(knob.values)
    document = definitions(project.spec.configuration)
    allowed: list[str] = []
    left_out: list[tuple[str, str]] = []
    for text in dict.fromkeys(knobs.written(value) for value in candidates if value is not None):
        wrong = knobs.check(document, {knob.name: text})[1]
        if wrong:
            left_out.append((text, wrong[0][1]))
        else:
            allowed.append(text)
    return tuple(allowed), tuple(left_out)


def _round(
    project: Project,
    derivation: Derivation,
    root: Path,
    machine: Machine,
    *,
    image: str,
    setting: tuple[Knob, str],
    requests: int,
) -> _Round:
    """What one start with a knob at a value comes to."""
    spec = project.spec
    knob, text = setting
    assert knob.variable is not None
    watched = identity_environment(image=image, release=STAND_IN_RELEASE)
    told = told_by_spec(spec, derivation, (knob.variable, text), watched=watched)
    with trial(derivation.config, root, machine, serving=spec.serving, told=told) as service:
        try:
            service.wait_until_ready(_PATIENCE)
        except EnvironmentFault as error:
            raise silent(knob.name, text, error.findings[0].message) from error
        questions = tuple(_questions(project, service, knob, text))
        if not questions:
            raise UsageError.of(
                "TB7110",
                f"no golden request has a list at {_grows(knob)!r} of its body, which knob {knob.name!r} bounds",
                hint="correct 'grows', or add such a golden test",
                where="configuration.parameters",
            )
        limits = spec.tests.performance
        concurrency = limits.concurrency if limits is not None else 1
        try:
            for count in (min(requests, _WARM), requests):
                load = under_load(
                    service.questioner, questions, requests=count, concurrency=concurrency, expected=_answered
                )
        except NoAnswer as error:
            service.raise_if_ended(service.port())
            raise silent(knob.name, text, str(error)) from error
        if load.failures:
            raise silent(knob.name, text, load.failures[0])
        latency, p95, p99 = (percentile(load.latencies, share) for share in (0.5, 0.95, 0.99))
        return _Round(latency, load.throughput, float(service.memory()), p95, p99)


def _answered(_: Question, answer: Answer) -> str:
    return "" if answer.status < 500 else f"status {answer.status}"


def silent(knob: str, text: str, why: str) -> EnvironmentFault:
    """The error of a service that does not answer with a knob at a value."""
    return EnvironmentFault.of(
        "TB7112",
        f"with {knob} at {text[:80]!r} the service does not answer: {why}",
        hint="narrow the range of the knob to what the service can do, or add a rule",
    )


def _questions(project: Project, service: Trial, knob: Knob, text: str) -> Iterator[Question]:
    """The golden requests; where a knob bounds a list of them, that list is as long as the knob allows."""
    pointer = _grows(knob)
    for golden in project.spec.tests.golden:
        question = question_of(golden, service)
        if pointer is None or question.body is None:
            yield question
            continue
        body = json.loads(question.body)
        if stretch(body, pointer, int(text)):
            yield Question.of(question.method, question.path, question.port, body, question.headers)


def _grows(knob: Knob) -> str | None:
    return knob.impact.grows if knob.impact is not None else None


def stretch(body: Any, pointer: str, count: int) -> bool:
    """Repeat the items of the list at a JSON pointer (RFC 6901) until there are ``count``; whether there is one."""
    *above, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    for part in above:
        body = body.get(part) if isinstance(body, Mapping) else None
    items = body.get(last) if isinstance(body, Mapping) else None
    if not isinstance(items, list) or not items:
        return False
    assert isinstance(body, dict)
    body[last] = [items[number % len(items)] for number in range(count)]
    return True


def _judged(knob: Knob, points: tuple[Point, ...]) -> Iterator[Judgement]:
    if knob.impact is None or len(points) < 2:
        return
    for dimension in DIMENSIONS:
        declared = getattr(knob.impact, dimension)
        if declared is not None:
            yield judge(dimension, declared, points[0], points[-1])


def facts(measured: tuple[Measured, ...]) -> list[dict[str, Any]]:
    """For JSON: medians of the rounds, and judgements."""
    return [
        {
            "knob": each.knob,
            "values": [
                {
                    "value": point.text,
                    "latency_p50": round(median(point.latency), 6),
                    "latency_p95": round(median(point.latency_p95), 6),
                    "latency_p99": round(median(point.latency_p99), 6),
                    "throughput": round(median(point.throughput), 3),
                    "memory": round(median(point.memory)),
                }
                for point in each.points
            ],
            "impact": [
                {
                    "of": one.dimension,
                    "declared": one.declared,
                    "ratio": round(one.ratio, 3),
                    "apart": one.apart,
                    "verdict": one.verdict,
                }
                for one in each.judgements
            ],
            "left_out": [{"value": text, "reason": reason} for text, reason in each.left_out],
        }
        for each in measured
    ]


def statement_of_measurements(project: Project, image: Image, measured: tuple[Measured, ...]) -> bytes:
    """An in-toto Statement v1 about the image; times in seconds, throughput in answers per second, memory in bytes."""
    metadata = project.spec.metadata
    name = f"{metadata.name}:{metadata.version}-{image.variant}-{image.platform.file_part}"
    return canonical(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": name, "digest": {"sha256": image.manifest.digest.hex}}],
            "predicateType": _PREDICATE,
            "predicate": {"measuredBy": f"twinbuild {__version__}", "rounds": ROUNDS, "knobs": facts(measured)},
        }
    )
