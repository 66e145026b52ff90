"""The tests of a release: the manifest's section, and an in-toto statement of what was seen when they ran.

The section holds what is the same on every machine: inputs, expected answers, limits, verdicts, what was proven and
what was not, and the digests of answers that are expected to the last digit. What one machine saw (times, memory,
digests of answers whose last digits depend on the processor) is the statement's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from twinbuild import __version__
from twinbuild.codec.canonical import Json, canonical, digest_of
from twinbuild.describe.naming import BUILDER
from twinbuild.describe.plain import plain
from twinbuild.model.digest import Digest
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.trial import REASONS, Outcome, Passed

__all__ = ["STATEMENT", "TEST_RESULT", "not_proven", "part_of_tests", "statement_of_tests"]

STATEMENT: Final = "tests.intoto.json"
_STATEMENT: Final = "https://in-toto.io/Statement/v1"
TEST_RESULT: Final = "https://in-toto.io/attestation/test-result/v0.1"


def part_of_tests(
    spec: ReleaseSpec, outcomes: tuple[Outcome, ...], files: tuple[tuple[str, Digest, int], ...]
) -> dict[str, Json]:
    """What stands in the section ``tests`` beside the spec's own: digests of inputs and expected answers, verdicts.

    ``files`` are those of the project that tests read: path, digest, size.
    """
    return {
        "digests": [
            {
                "golden": golden.name,
                "request": str(digest_of(plain(golden.request))),
                "expect": str(digest_of(plain(golden.expect))),
            }
            for golden in spec.tests.golden
        ],
        "files": [{"path": path, "sha256": digest.hex, "size": size} for path, digest, size in files],
        "images": [
            {
                "variant": outcome.variant,
                "platform": str(outcome.platform),
                "digest": str(outcome.image),
                **(_passed(spec, outcome) if isinstance(outcome, Passed) else _untested(REASONS[outcome.reason])),
            }
            for outcome in outcomes
        ],
    }


def _passed(spec: ReleaseSpec, outcome: Passed) -> dict[str, Json]:
    observed = json.loads(outcome.observed)
    exact = {each.name for each in spec.tests.golden if each.expect.body is not None and not each.expect.tolerance}
    answers: list[Json] = [
        {"golden": each["name"], "digest": each["answer"]}
        for each in observed.get("golden", ())
        if each["name"] in exact
    ]
    proven: list[Json] = [name for name in _proven(spec, observed) if not _of_logs(spec, name)]
    open_claims: list[Json] = [
        {"proof": proof, "reason": reason} for proof, reason in not_proven(spec, observed) if not _of_logs(spec, proof)
    ]
    return {"verdict": "passed", "answers": answers, "proven": proven, "not_proven": open_claims}


def _of_logs(spec: ReleaseSpec, claim: str) -> bool:
    """Whether a claim is about lines of a log: how many there are may depend on how busy a machine is.

    Such claims stand beside the manifest, in the statement, and not in what is hashed.
    """
    levels = {f"change/live/{knob.name}" for knob in spec.configuration.parameters if knob.kind == "log_level"}
    return claim in {"log-format", "log-level", *levels}


def _untested(reason: str) -> dict[str, Json]:
    return {"verdict": "untested", "reason": reason}


def statement_of_tests(spec: ReleaseSpec, outcomes: tuple[Outcome, ...]) -> bytes | None:
    """A Statement v1 with a test-result predicate v0.1 about the images that were tested; None where none was.

    ``observed`` is our addition to the predicate: figures by image. The rest of it is in-toto's.
    """
    passed = [outcome for outcome in outcomes if isinstance(outcome, Passed)]
    if not passed:
        return None
    metadata = spec.metadata
    tests = digest_of(plain(spec.tests))
    names: list[Json] = [name for outcome in passed for name in _names(spec, outcome)]
    return canonical(
        {
            "_type": _STATEMENT,
            "subject": [
                {
                    "name": f"{metadata.name}:{metadata.version}-{outcome.variant}-{outcome.platform.file_part}",
                    "digest": {"sha256": outcome.image.hex},
                }
                for outcome in passed
            ],
            "predicateType": TEST_RESULT,
            "predicate": {
                "result": "PASSED",
                "configuration": [{"name": "tests", "digest": {"sha256": tests.hex}}],
                "passedTests": names,
                "warnedTests": [],
                "failedTests": [],
                "observed": {
                    f"{outcome.variant}-{outcome.platform.file_part}": _observed(spec, outcome) for outcome in passed
                },
                "tester": {"id": BUILDER, "version": {"twinbuild": __version__}},
            },
        }
    )


def _observed(spec: ReleaseSpec, outcome: Passed) -> dict[str, Json]:
    """What one image's tests measured and saw, with everything that they could not show."""
    observed: dict[str, Json] = json.loads(outcome.observed)
    return {**observed, "not_proven": dict(not_proven(spec, observed))}


def _names(spec: ReleaseSpec, outcome: Passed) -> Iterator[Json]:
    """Every test that an image passed, in order."""
    for name in _proven(spec, json.loads(outcome.observed)):
        yield f"{outcome.variant}-{outcome.platform.file_part}/{name}"


def _proven(spec: ReleaseSpec, observed: dict[str, Any]) -> tuple[str, ...]:
    """What was shown of an image, in order."""
    shown = {
        "two-starts-one-answer": bool(spec.tests.golden),
        "no-undeclared-variable": bool(observed.get("environment_watched")),
        "input-schema-enforced": bool(observed.get("refused_requests")),
        "log-format": bool(observed.get("log_lines")) and _has_form(spec),
        "log-level": "log_level" in observed,
        "traces": "traces" in observed,
    }
    return (
        *(f"golden/{golden.name}" for golden in spec.tests.golden),
        *(f"metric/{name}" for name in observed.get("metrics", ())),
        *(f"accuracy/{accuracy.name}" for accuracy in spec.tests.accuracy),
        *(f"change/{change['how']}/{change['knob']}" for change in observed.get("changes", ())),
        *(f"needs-restart/{name}" for name in _restarted(observed)),
        *(f"preprocessing/{step}" for step in _coded(spec) if step in observed.get("steps", ())),
        *(f"fallback/{name}" for name in observed.get("fallbacks", ())),
        *(name for name, was in shown.items() if was),
        *(f"limit/{key}" for key in sorted(observed.get("limits", {}))),
    )


def _has_form(spec: ReleaseSpec) -> bool:
    """Whether logs are declared, and their lines have a form."""
    observability = spec.observability
    return "logs" in observability.model_fields_set and observability.logs.format != "text"


def not_proven(spec: ReleaseSpec, observed: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the spec declares and a test could not show, with the reason."""
    tracing = spec.observability.tracing
    for metric in spec.observability.metrics:
        if metric.source != "service":
            yield f"metric/{metric.name}", f"it is published by the {metric.source}"
    if not observed.get("environment_watched"):
        yield "no-undeclared-variable", "no Python of the image's virtual environment was seen to run"
    if spec.model.schemas.input is not None and not observed.get("refused_requests"):
        yield "input-schema-enforced", "no request of a golden test could be changed into one that the schema refuses"
    if _has_form(spec) and not observed.get("log_lines"):
        yield "log-format", "the service printed no line"
    if any(knob.kind == "log_level" for knob in spec.configuration.parameters) and "log_level" not in observed:
        yield "log-level", _levelless(spec)
    yield from ((f"change/live/{name}", "nothing shows its effect") for name in _unchanged(spec, observed))
    yield from ((f"needs-restart/{name}", _unheld(spec, observed, name)) for name in _unrestarted(spec, observed))
    steps = (step for step in _coded(spec) if step not in observed.get("steps", ()))
    yield from ((f"preprocessing/{step}", _uncalled(spec, observed)) for step in steps)
    if tracing.enabled and "traces" not in observed:
        yield "traces", "there is no golden test" if tracing.exporter == "otlp" else "only OTLP is received by a test"
    limits = (key for key in _limited(spec) if key not in observed.get("limits", {}))
    yield from ((f"limit/{key}", "there is no golden test to send") for key in limits)


def _unchanged(spec: ReleaseSpec, observed: Mapping[str, Any]) -> Iterator[str]:
    """Knobs that may change at run time and were not seen to."""
    changed = {change["knob"] for change in observed.get("changes", ())}
    yield from (knob.name for knob in spec.configuration.parameters if knob.runtime_change and knob.name not in changed)


def _unrestarted(spec: ReleaseSpec, observed: Mapping[str, Any]) -> Iterator[str]:
    """Knobs that may not change at run time, and of which it was not seen that they do not."""
    shown = _restarted(observed)
    for knob in spec.configuration.parameters:
        if not knob.runtime_change and knob.variable is not None and knob.name not in shown:
            yield knob.name


def _restarted(observed: Mapping[str, Any]) -> tuple[str, ...]:
    """Knobs of which it was seen that they change an answer at a start, and none of a running service."""
    changed = {change["knob"] for change in observed.get("changes", ()) if change["how"] == "restart"}
    return tuple(name for name in observed.get("needs_restart", ()) if name in changed)


def _unheld(spec: ReleaseSpec, observed: Mapping[str, Any], name: str) -> str:
    """Why it was not seen."""
    if not spec.tests.golden:
        return "there is no golden test"
    if name in observed.get("needs_restart", ()):
        return "no answer is known to depend on it: tests.changes has no other value of it"
    return "no other value of it is allowed"


def _coded(spec: ReleaseSpec) -> tuple[str, ...]:
    """Preprocessing steps that are code of the application: ``module:attribute``."""
    steps = (*spec.source.preprocessing, *spec.model.preprocessing)
    return tuple(dict.fromkeys(step.step for step in steps if ":" in step.step))


def _uncalled(spec: ReleaseSpec, observed: Mapping[str, Any]) -> str:
    """Why the code of a step was not seen to run."""
    if not spec.tests.golden:
        return "there is no golden test"
    if not observed.get("environment_watched"):
        return "no Python of the image's virtual environment was seen to run"
    return "no call of it was seen"


def _limited(spec: ReleaseSpec) -> Iterator[str]:
    """The limits that are declared."""
    for key in ("latency_p50", "latency_p95", "latency_p99", "memory", "startup", "throughput"):
        if getattr(spec.tests.performance, key, None) is not None:
            yield key


def _levelless(spec: ReleaseSpec) -> str:
    """Why a log level was not seen to have its effect."""
    if not spec.tests.golden:
        return "there is no golden test"
    if not _has_form(spec):
        return "logs are not declared to be JSON or logfmt"
    return "by default the service printed no line of a lesser level than the most severe one"
