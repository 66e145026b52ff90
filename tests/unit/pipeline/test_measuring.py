"""``pipeline.measuring``: what is asked. That it is really measured is in ``pipeline/test_measure.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fakes.services import service, trial_here
from twinbuild.pipeline import measuring
from twinbuild.pipeline.measuring import measure_knobs, silent, stretch


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
