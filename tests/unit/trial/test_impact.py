from __future__ import annotations

import pytest

from twinbuild.trial.impact import Point, judge


def point(*latency: float) -> Point:
    """A value with these latencies."""
    return Point(text="1", latency=latency, throughput=latency, memory=latency)


FLAT, HIGHER, HALF, NOISY = point(1.0, 1.01, 0.99), point(2.0, 2.1, 2.2), point(0.5, 0.51, 0.49), point(0.9, 1.4, 1.6)


@pytest.mark.parametrize(
    ("declared", "high", "verdict"),
    [
        ("none", point(1.05, 1.04, 1.06), "agrees"),
        ("none", HIGHER, "contradicts"),
        ("none", HALF, "contradicts"),
        ("none", NOISY, "not shown"),
        ("small", point(1.3, 1.31, 1.32), "agrees"),
        ("small", HIGHER, "contradicts"),
        ("higher", HIGHER, "agrees"),
        ("higher", HALF, "contradicts"),
        ("higher", point(1.05, 1.06, 1.04), "not shown"),
        ("higher", NOISY, "not shown"),
        ("lower", HALF, "agrees"),
        ("lower", HIGHER, "contradicts"),
        ("proportional", HIGHER, "agrees"),
        ("proportional", HALF, "contradicts"),
    ],
)
def test_verdicts(declared: str, high: Point, verdict: str) -> None:
    """A change counts where no rounds overlap; what overlaps contradicts nothing."""
    assert judge("latency", declared, FLAT, high).verdict == verdict


def test_nothing_at_all() -> None:
    """A figure of zero has no ratio, and contradicts nothing."""
    assert judge("throughput", "none", point(0.0, 0.0), point(0.0, 0.0)).verdict == "agrees"
