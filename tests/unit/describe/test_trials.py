"""What a release says of its tests: verdicts in the manifest, figures beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from google.protobuf import json_format
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement

from fakes.services import service
from twinbuild.codec.canonical import canonical
from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.describe import trials
from twinbuild.describe.trials import statement_of_tests
from twinbuild.model.digest import Digest
from twinbuild.model.platform import Platform
from twinbuild.model.trial import Outcome, Passed, Untested

TEXT = (Path(__file__).resolve().parents[3] / "examples" / "fraud-scorer" / "release.yaml").read_bytes()
SPEC = load_spec((SourceText(name="release.yaml", content=TEXT),)).spec
AMD64 = Platform.parse("linux/amd64")
IMAGE, OTHER = Digest("1" * 64), Digest("2" * 64)
UNTESTED = Untested(variant="cuda12", platform=AMD64, image=OTHER, reason="accelerator")


def _passed(seconds: float) -> Passed:
    observed: dict[str, Any] = {
        "figures": {"latency_p95": seconds},
        "limits": {"latency_p95": 0.1},
        "refused_requests": ["without /x"],
        "changes": [{"knob": "batch_limit", "value": "1", "how": "restart"}],
        "needs_restart": ["batch_limit"],
    }
    return Passed(variant="cpu", platform=AMD64, image=IMAGE, observed=canonical(observed), reused=False)


PROVEN = [
    "golden/burst-of-foreign-payments",
    "golden/lunch-with-an-old-account",
    "golden/both-at-once",
    "accuracy/held-out",
    "change/restart/batch_limit",
    "needs-restart/batch_limit",
    "two-starts-one-answer",
    "input-schema-enforced",
    "limit/latency_p95",
]
NOT_PROVEN = [
    {"proof": "no-undeclared-variable", "reason": "no Python of the image's virtual environment was seen to run"},
    {"proof": "change/live/decision_threshold", "reason": "nothing shows its effect"},
    {"proof": "needs-restart/log_level", "reason": "no other value of it is allowed"},
    {"proof": "needs-restart/open_files", "reason": "no other value of it is allowed"},
    {
        "proof": "preprocessing/service.model:Transaction.features",
        "reason": "no Python of the image's virtual environment was seen to run",
    },
    {"proof": "limit/memory", "reason": "there is no golden test to send"},
]


def _section(*outcomes: Outcome) -> dict[str, object]:
    return dict(trials.part_of_tests(SPEC, outcomes, (("schemas/input.json", OTHER, 7),)))


def test_the_section_is_the_same_whatever_was_measured() -> None:
    """Inputs, expected answers, limits and verdicts: nothing that one machine saw."""
    section = _section(_passed(0.05), UNTESTED)
    assert section == _section(_passed(0.07), UNTESTED)
    assert section["images"] == [
        {
            "variant": "cpu",
            "platform": "linux/amd64",
            "digest": f"sha256:{'1' * 64}",
            "verdict": "passed",
            "answers": [],  # they have a tolerance
            "proven": PROVEN,
            "not_proven": NOT_PROVEN,
        },
        {
            "variant": "cuda12",
            "platform": "linux/amd64",
            "digest": f"sha256:{'2' * 64}",
            "verdict": "untested",
            "reason": "the sandbox shows a service no accelerator",
        },
    ]
    digests = section["digests"]
    assert isinstance(digests, list)
    assert [each["golden"] for each in digests] == [golden.name for golden in SPEC.tests.golden]
    assert len({each[key] for each in digests for key in ("request", "expect")}) == 2 * len(SPEC.tests.golden)


def test_the_statement_is_about_the_images_that_passed() -> None:
    """in-toto's test-result v0.1, with our figures."""
    content = statement_of_tests(SPEC, (_passed(0.05), UNTESTED))
    assert content is not None
    statement = json.loads(content)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert statement["subject"] == [{"name": "fraud-scorer:1.0.0-cpu-linux-amd64", "digest": {"sha256": "1" * 64}}]
    predicate = statement["predicate"]
    assert predicate["result"] == "PASSED"
    assert predicate["failedTests"] == predicate["warnedTests"] == []
    assert predicate["passedTests"] == [f"cpu-linux-amd64/{name}" for name in PROVEN]
    observed = predicate["observed"]["cpu-linux-amd64"]
    assert observed["figures"] == {"latency_p95": 0.05}
    assert observed["not_proven"]["log-format"] == "the service printed no line"
    assert observed["not_proven"]["limit/memory"] == "there is no golden test to send"
    assert len(predicate["configuration"][0]["digest"]["sha256"]) == 64


def test_the_official_messages_take_the_statement() -> None:
    """in-toto's own, for the statement and for the predicate, in which only our additions are unknown."""
    content = statement_of_tests(SPEC, (_passed(0.05),))
    assert content is not None
    document = json.loads(content)
    Statement.copy_from_pb(json_format.ParseDict(document, statement_pb2.Statement())).validate()
    predicate = document["predicate"]
    ours = {key: predicate.pop(key) for key in ("observed", "tester")}
    result = json_format.ParseDict(predicate, test_result_pb2.TestResult())
    assert result.result == "PASSED"
    assert len(result.passed_tests) == 9
    assert "cpu-linux-amd64" in ours["observed"]


def test_nothing_tested_nothing_stated() -> None:
    """A statement without a subject is none."""
    assert statement_of_tests(SPEC, (UNTESTED,)) is None


OBSERVED = {
    "environment_watched": True,
    "fallbacks": ["features"],
    "golden": [{"name": "exact", "answer": f"sha256:{'3' * 64}"}, {"name": "near", "answer": f"sha256:{'4' * 64}"}],
    "log_level": {"value": "error"},
    "log_lines": 3,
    "metrics": ["queue"],
    "traces": "6 of 20",
}
TESTS = """
  golden:
    - {name: exact, request: {path: /p}, expect: {status: 200, body: {score: 1}}}
    - {name: near, request: {path: /p}, expect: {status: 200, body: {score: 1}, tolerance: 0.1}}
    - {name: any, request: {path: /p}, expect: {status: 200}}
observability:
  metrics:
    - {name: queue, type: gauge, description: What waits.}
    - {name: mesh_total, type: counter, description: Requests., source: mesh}
  logs: {format: json}
  tracing: {enabled: true, exporter: otlp, sample_ratio: 0.3}
configuration:
  parameters:
    - {name: level, kind: log_level, type: enum, values: [info, error], default: info, description: d}
"""


def _image(text: str, observed: dict[str, object], tmp_path: Path) -> dict[str, Any]:
    spec = service(tmp_path, "", text.removeprefix("\n")).project.spec
    passed = Passed(variant="cpu", platform=AMD64, image=IMAGE, observed=canonical(observed), reused=True)
    (image,) = cast("list[dict[str, Any]]", trials.part_of_tests(spec, (passed,), ())["images"])
    return image


def test_answers_and_proofs(tmp_path: Path) -> None:
    """The digest of an answer that is expected to the last digit; what was shown, and what another has to show."""
    image = _image(TESTS, OBSERVED, tmp_path)
    assert image["answers"] == [{"golden": "exact", "digest": f"sha256:{'3' * 64}"}]
    assert image["proven"][3:] == [
        "metric/queue",
        "fallback/features",
        "two-starts-one-answer",
        "no-undeclared-variable",
        "traces",
    ]
    assert image["not_proven"][0] == {"proof": "metric/mesh_total", "reason": "it is published by the mesh"}
    assert [each["proof"] for each in image["not_proven"]] == ["metric/mesh_total", "needs-restart/level"]


def test_what_is_hashed_does_not_depend_on_lines_of_a_log(tmp_path: Path) -> None:
    """How many there are may depend on how busy a machine is; the statement says what they showed."""
    quiet = {key: value for key, value in OBSERVED.items() if key not in ("log_lines", "log_level")}
    assert _image(TESTS, OBSERVED, tmp_path / "one") == _image(TESTS, quiet, tmp_path / "other")


def test_what_was_not_shown(tmp_path: Path) -> None:
    """Each with its reason; the same without a golden test, and with an exporter that nobody receives here."""
    image = _image(TESTS, {}, tmp_path / "one")
    assert [each["proof"] for each in image["not_proven"]] == [
        "metric/mesh_total",
        "no-undeclared-variable",
        "needs-restart/level",
        "traces",
    ]
    without = "  golden: []\n" + TESTS[TESTS.index("observability:") :].replace("exporter: otlp", "exporter: zipkin")
    image = _image(without, {"log_lines": 1}, tmp_path / "other")
    assert {each["proof"]: each["reason"] for each in image["not_proven"][2:]} == {
        "needs-restart/level": "there is no golden test",
        "traces": "only OTLP is received by a test",
    }


LEVEL = {"knob": "level", "value": "debug", "how": "restart"}
WORDS = {"knob": "words", "value": "[]", "how": "restart"}
KNOBS = """\
    - {name: words, type: list, default: [a], description: d}
"""


@pytest.mark.parametrize(
    ("observed", "proven", "reasons"),
    [
        (
            {"needs_restart": ["level"], "changes": [LEVEL]},
            ["needs-restart/level"],
            {"words": "no other value of it is allowed"},
        ),
        (
            {"needs_restart": ["level", "words"], "changes": [LEVEL, WORDS]},
            ["needs-restart/level", "needs-restart/words"],
            {},
        ),
        (
            {"needs_restart": ["level", "words"], "changes": [LEVEL, {**WORDS, "how": "live"}]},
            ["needs-restart/level"],
            {"words": "no answer is known to depend on it"},
        ),
    ],
)
def test_knobs_that_need_a_restart(
    tmp_path: Path, *, observed: dict[str, object], proven: list[str], reasons: dict[str, str]
) -> None:
    """Each changes an answer at a start and was held against the running service, or it is said why not."""
    image = _image(TESTS + KNOBS, observed, tmp_path)
    assert [name for name in image["proven"] if name.startswith("needs")] == proven
    said = {each["proof"]: each["reason"] for each in image["not_proven"] if each["proof"].startswith("needs")}
    assert said.keys() == {f"needs-restart/{name}" for name in reasons}
    assert all(said[f"needs-restart/{name}"].startswith(reason) for name, reason in reasons.items())


@pytest.mark.parametrize(
    ("observed", "reason"),
    [
        ({"environment_watched": True}, "no call of it was seen"),
        ({}, "no Python of the image's virtual environment was seen to run"),
        ({"environment_watched": True, "steps": ["service.model:Transaction.features"]}, ""),
    ],
)
def test_preprocessing(observed: dict[str, object], reason: str) -> None:
    """Its code was seen to be called, or it is said why not."""
    name = "preprocessing/service.model:Transaction.features"
    passed = Passed(variant="cpu", platform=AMD64, image=IMAGE, observed=canonical(observed), reused=True)
    (image,) = cast("list[dict[str, Any]]", trials.part_of_tests(SPEC, (passed,), ())["images"])
    assert (name in image["proven"]) is not bool(reason)
    assert [each["reason"] for each in image["not_proven"] if each["proof"] == name] == [reason] * bool(reason)
