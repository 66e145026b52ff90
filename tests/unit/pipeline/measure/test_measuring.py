"""``pipeline.measure.measuring``: what is asked. That it is really measured is in ``pipeline/test_measure.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fakes.services import service, trial_here
from twinbuild.pipeline.measure import measuring
from twinbuild.pipeline.measure.measuring import _points, _Round, facts, measure_knobs, passed_over, silent, stretch
from twinbuild.pipeline.project import open_project

EXAMPLE = Path(__file__).resolve().parents[4] / "examples" / "fraud-scorer"


@pytest.mark.parametrize(
    ("body", "pointer", "count", "expected"),
    [
        ({"a": [1, 2]}, "/a", 5, {"a": [1, 2, 1, 2, 1]}),
        ({"a": [1, 2]}, "/a", 1, {"a": [1]}),
        ({"a": {"b/c": [{"x": 1}]}}, "/a/b~1c", 2, {"a": {"b/c": [{"x": 1}, {"x": 1}]}}),
        ({"a": []}, "/a", 3, None),
        ({"a": 1}, "/a", 3, None),
        ({"a": 1}, "/b/c", 3, None),
        ([1], "/a", 3, None),
    ],
)
def test_stretch(body: Any, pointer: str, count: int, expected: Any) -> None:
    """A list is repeated to a length; where there is none, nothing is asked."""
    assert stretch(body, pointer, count) is (expected is not None)
    assert expected is None or body == expected


def test_no_answer() -> None:
    """The finding names the knob, its value and the reason."""
    error = silent("batch_limit", "1024", "status 500")
    assert error.findings[0].code == "TB7112"
    assert "with batch_limit at '1024' the service does not answer: status 500" in error.findings[0].message


@pytest.mark.sandbox
def test_what_the_service_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that a trial tells it: a service that needs a secret and an address to start can be measured."""
    program = """
open("/run/secrets/token").read()
os.environ["FEATURES_URL"], os.environ["TWINBUILD_RELEASE"]
assert os.environ["TWINBUILD_IMAGE"] == "sha256:7"
def answer(question):
    return 200, {"score": 1}
"""
    section = """\
  golden:
    - name: one
      request: {path: /predict, body: {amount: 3}}
      expect: {status: 200}
configuration:
  parameters:
    - {name: fast, type: bool, default: true, description: Fast., environment: FAST}
    - {name: calm, type: bool, default: true, description: Calm., impact: {latency: none}}
secrets:
  - {name: token, provider: file, reference: /run/secrets/token, purpose: Features.}
services:
  - {name: features, endpoint: "https://features.example/v1", purpose: Features., environment: FEATURES_URL}
"""
    monkeypatch.setattr(measuring, "trial", trial_here)
    monkeypatch.setattr(measuring, "ROUNDS", 1)
    tiny = service(tmp_path / "project", program, section)
    (measured,) = measure_knobs(
        tiny.project, tiny.derivation, tiny.root, tiny.machine, image="sha256:7", names=("fast",), requests=2
    )
    assert [point.text for point in measured.points] == ["false", "true"]
    for value in facts((measured,))[0]["values"]:
        assert 0 < value["latency_p50"] <= value["latency_p95"] <= value["latency_p99"]
    assert passed_over(tiny.project) == (("fast", "declares no impact"),)
    assert passed_over(tiny.project, ("fast",)) == ()


def test_passed_over(tmp_path: Path) -> None:
    """What an example has without a declared impact, and what nobody sets in a running service."""
    overlay = tmp_path / "more.yaml"
    knob = "{name: max_depth, type: int, default: 3, description: d, kind: hyperparameter, impact: {latency: higher}}"
    overlay.write_text(f"configuration: {{parameters: [{knob}]}}\n")
    assert dict(passed_over(open_project(EXAMPLE, (overlay,)))) == {
        "log_level": "declares no impact",
        "open_files": "declares no impact",
        "max_depth": "is a hyper-parameter, which nobody sets",
    }


def test_rounds_are_added_to_those_before() -> None:
    """Each figure to its own."""
    one = _Round(1.0, 2.0, 3.0, 4.0, 5.0)
    (before,) = _points(("a",), {}, lambda _: one)
    (point,) = _points(("a",), {"a": before}, lambda _: _Round(10.0, 20.0, 30.0, 40.0, 50.0))
    assert (point.latency[0], point.throughput[0], point.memory[0], point.latency_p95[0], point.latency_p99[0]) == one
    assert point.latency_p99 == (5.0,) * 3 + (50.0,) * 3
