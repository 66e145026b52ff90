"""What turning a knob does, measured, beside what its release says that it does.

A figure counts as changed where every round of the one value lies beyond every round of the other, and their medians
by more than a tenth: less than that no machine that does other things besides can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Final, Literal

__all__ = ["DIMENSIONS", "Judgement", "Point", "Verdict", "judge"]

DIMENSIONS: Final = ("latency", "throughput", "memory")
Verdict = Literal["agrees", "contradicts", "not shown"]
_LEAST: Final = 0.10
_SMALL: Final = 0.50


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A knob at one value, and of each round: median latency in seconds, answers per second and bytes of memory.

    The slowest answers (95th and 99th percentile, in seconds) are for people: nothing is declared of them.
    """

    text: str
    latency: tuple[float, ...]
    throughput: tuple[float, ...]
    memory: tuple[float, ...]
    latency_p95: tuple[float, ...] = ()
    latency_p99: tuple[float, ...] = ()

    def rounds(self, dimension: str) -> tuple[float, ...]:
        """The figures of one dimension."""
        found: tuple[float, ...] = getattr(self, dimension)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is declared of a dimension, the change from the lowest to the highest value, and what follows.

    ``apart``: no round of the one value lies among those of the other.
    """

    dimension: str
    declared: str
    ratio: float
    apart: bool
    verdict: Verdict


def judge(dimension: str, declared: str, low: Point, high: Point) -> Judgement:
    """Hold a declared effect of a larger value against two points."""
    one, other = low.rounds(dimension), high.rounds(dimension)
    ratio = median(other) / median(one) if median(one) else 1.0
    apart = max(one) < min(other) or max(other) < min(one)
    return Judgement(
        dimension=dimension,
        declared=declared,
        ratio=ratio,
        apart=apart,
        verdict=_verdict(declared, ratio, apart=apart),
    )


def _verdict(declared: str, ratio: float, *, apart: bool) -> Verdict:
    if declared in ("none", "small"):
        most = 1 + (_LEAST if declared == "none" else _SMALL)
        if 1 / most <= ratio <= most:
            return "agrees"
        return "contradicts" if apart else "not shown"
    raised, lowered = ratio > 1 + _LEAST, ratio < 1 / (1 + _LEAST)
    if declared == "lower":
        raised, lowered = lowered, raised
    if not apart:
        return "not shown"
    return "agrees" if raised else "contradicts" if lowered else "not shown"
