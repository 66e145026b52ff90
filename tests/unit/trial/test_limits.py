"""Figures against limits."""

from __future__ import annotations

import pytest

from twinbuild.model.spec.tests import Performance
from twinbuild.trial.limits import Measure, load_measures, memory_measure, startup_measure
from twinbuild.trial.loading import Load

LOAD = Load(latencies=(0.010, 0.020, 0.040), elapsed=0.5, failures=())


def test_each_limit_for_itself() -> None:
    """A latency at its limit is kept, a throughput below its limit is not."""
    limits = Performance(latency_p50="20ms", latency_p95="39ms", throughput=6.1)
    found = {each.key: (each.kept, each.shown, each.allowed) for each in load_measures(LOAD, limits)}
    assert found == {
        "latency_p50": (True, "20 ms", "at most 20 ms"),
        "latency_p95": (False, "40 ms", "at most 39 ms"),
        "latency_p99": (True, "40 ms", ""),
        "throughput": (False, "6.0 answers/s", "at least 6.1 answers/s"),
    }


@pytest.mark.parametrize(
    ("measure", "kept", "shown", "allowed"),
    [
        (startup_measure(1.25, Performance(startup="1200ms")), False, "1.25 s", "at most 1.2 s"),
        (startup_measure(1.25, None), True, "1.25 s", ""),
        (memory_measure(3 << 20, Performance(memory="2Mi")), False, "3 MiB", "at most 2 MiB"),
        (memory_measure(3 << 20, Performance()), True, "3 MiB", ""),
    ],
)
def test_start_and_memory(measure: Measure, kept: bool, shown: str, allowed: str) -> None:
    """With and without a limit."""
    assert (measure.kept, measure.shown, measure.allowed) == (kept, shown, allowed)
