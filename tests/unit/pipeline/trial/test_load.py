"""Load on real services: answers, and limits of time."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.pipeline.trial.test_run import HALF, tried

pytestmark = pytest.mark.sandbox


def test_answers_that_depend_on_others(tmp_path: Path) -> None:
    """Under load another answer than alone."""
    counting = (
        "SEEN = []\ndef answer(question):\n    SEEN.append(1)\n    return 200, {'score': 1.5 + (len(SEEN) > 5)}\n"
    )
    (finding,) = tried(tmp_path, counting, "latency_p95: 60s, requests: 20").findings
    assert finding.code == "TB7204"
    assert "under load 16 of 20" in finding.message


def test_a_limit_that_no_round_keeps(tmp_path: Path) -> None:
    """Three rounds, and the best of them is told."""
    slow = HALF.replace("    return", "    time.sleep(0.02)\n    return")
    run = tried(tmp_path, slow, "latency_p50: 10ms, latency_p99: 60s, requests: 4")
    (finding,) = run.findings
    assert finding.code == "TB7205"
    assert finding.where.pointer == "/tests/performance/latency_p50"
    assert "in the best of 3 rounds, expected at most 10 ms" in finding.message
    assert run.observed["load"]["rounds"] == 3


def test_a_round_that_keeps_them_is_enough(tmp_path: Path) -> None:
    """A first round that is slow is no failure."""
    warming = "SEEN = []\ndef answer(question):\n    SEEN.append(1)\n    time.sleep(1.5 if len(SEEN) == 3 else 0)\n"
    run = tried(tmp_path, warming + "    return 200, {'score': 1.5}\n", "latency_p99: 1s, requests: 4")
    assert run.findings == []
    assert run.observed["load"]["rounds"] == 2
