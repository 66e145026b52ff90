"""Accuracy of real services."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from fakes.services import service
from twinbuild.pipeline.trial.run import TrialRun

pytestmark = pytest.mark.sandbox

TESTS = """\
  accuracy:
    - name: half
      dataset: half.jsonl
      sha256: SHA256
      path: /predict
      prediction: /scores/*
      metric: rmse
      threshold: 0.25
"""
EXAMPLES = ({"request": {"amounts": [1, 2]}, "label": [0.5, 1.0]}, {"request": {"amounts": [4]}, "label": [2.0]})
HALVES = "def answer(question):\n    return 200, {'scores': [amount / 2 for amount in question['amounts']]}\n"


def _run(tmp_path: Path, answer: str) -> TrialRun:
    content = "".join(json.dumps(each) + "\n" for each in EXAMPLES).encode()
    tests = TESTS.replace("SHA256", hashlib.sha256(content).hexdigest())
    tiny = service(tmp_path / "project", answer, tests)
    (tiny.project.directory / "half.jsonl").write_bytes(content)
    return tiny.tried()


def test_as_good_as_asked(tmp_path: Path) -> None:
    """The value and the number of predictions are noted."""
    run = _run(tmp_path, HALVES)
    assert run.findings == []
    assert run.observed["accuracy"] == [{"name": "half", "metric": "rmse", "value": 0.0, "predictions": 3}]


def test_worse_is_refused(tmp_path: Path) -> None:
    """With both values, at the line of the threshold."""
    (finding,) = _run(tmp_path, HALVES.replace("/ 2", "/ 2 + 0.3")).findings
    assert finding.code == "TB7209"
    assert finding.message == "accuracy test 'half': rmse is 0.3, expected at most 0.25"
    assert finding.where.pointer == "/tests/accuracy/0/threshold"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (HALVES.replace("'scores'", "'score'"), "the request of line 1: got nothing at /scores/"),
        (HALVES.replace("200", "500"), "line 1 got the status 500"),
        ("def answer(question):\n    return 200, b'no'\n", "got no answer in JSON"),
        (HALVES.replace("question['amounts']", "question['amounts'][:1]"), "got 1 prediction, expected 2"),
    ],
)
def test_nothing_to_measure(tmp_path: Path, answer: str, reason: str) -> None:
    """One finding that says which request."""
    (finding,) = _run(tmp_path, answer).findings
    assert finding.code == "TB7212"
    assert reason in finding.message
