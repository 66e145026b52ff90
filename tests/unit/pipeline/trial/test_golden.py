"""Golden tests of real services: each fault is one finding at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.pipeline.trial.test_run import HALF, TESTS, line, tried

pytestmark = pytest.mark.sandbox


def test_a_wrong_answer(tmp_path: Path) -> None:
    """The value that differs, at the line of the expected one."""
    run = tried(tmp_path, HALF.replace("/ 2", "/ 3"))
    (finding,) = run.findings
    assert finding.code == "TB7202"
    assert finding.message == "golden test 'half': at /score got 1.0, expected 1.5"
    assert line(finding) == "body: {score: 1.5}"


def test_a_wrong_status(tmp_path: Path) -> None:
    """At the line of the expected one."""
    (finding,) = tried(tmp_path, HALF.replace("200", "500")).findings
    assert finding.code == "TB7202"
    assert line(finding) == "status: 200"
    assert "status 500" in finding.message


def test_no_answer(tmp_path: Path) -> None:
    """A service that closes the connection."""
    (finding,) = tried(tmp_path, "def answer(question):\n    raise OSError\n").findings
    assert finding.code == "TB7203"
    assert "closed the connection" in finding.message or "RemoteDisconnected" in finding.message
    assert line(finding) == "request: {path: /predict, body: {amount: 3}}"


def test_a_service_that_dies_of_a_question(tmp_path: Path) -> None:
    """Its status is told."""
    (finding,) = tried(tmp_path, "def answer(question):\n    os._exit(3)\n").findings
    assert finding.code == "TB7201"
    assert "ended with status 3" in finding.message


def test_two_starts_that_answer_differently(tmp_path: Path) -> None:
    """Within the tolerance, and yet not the same."""
    noise = "import random\nNOISE = random.random() / 1e6\n" + HALF.replace("/ 2", "/ 2 + NOISE")
    tests = TESTS.replace("body: {score: 1.5}", "body: {score: 1.5}\n        tolerance: 0.1")
    (finding,) = tried(tmp_path, noise, tests=tests).findings
    assert finding.code == "TB7204"
    assert "two starts" in finding.message
