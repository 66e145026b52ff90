"""Limits of time and memory, and what was measured against them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from twinbuild.model.spec.tests import Performance
from twinbuild.model.spec.values import duration_seconds, quantity_value
from twinbuild.trial.loading import Load, percentile

__all__ = ["Measure", "bytes_text", "load_measures", "memory_measure", "seconds_text", "startup_measure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure and its limit (None: there is none). ``key`` is that of the limit in ``tests.performance``."""

    key: str
    value: float
    limit: float | None
    least: bool = False  # the limit is the least that will do, not the most

    @property
    def kept(self) -> bool:
        """Whether the limit is kept."""
        if self.limit is None:
            return True
        return self.value >= self.limit if self.least else self.value <= self.limit

    @property
    def shown(self) -> str:
        """The figure with its unit."""
        return _shown(self.key, self.value)

    @property
    def allowed(self) -> str:
        """The limit with its unit; "" where there is none."""
        if self.limit is None:
            return ""
        return f"at {'least' if self.least else 'most'} {_shown(self.key, self.limit)}"


def load_measures(load: Load, limits: Performance) -> Iterator[Measure]:
    """Latency and throughput of a round."""
    for key, share in (("latency_p50", 0.50), ("latency_p95", 0.95), ("latency_p99", 0.99)):
        yield Measure(key=key, value=percentile(load.latencies, share), limit=_seconds(getattr(limits, key)))
    yield Measure(key="throughput", value=load.throughput, limit=limits.throughput, least=True)


def startup_measure(seconds: float, limits: Performance | None) -> Measure:
    """The time from start to ready."""
    return Measure(key="startup", value=seconds, limit=_seconds(limits.startup) if limits is not None else None)


def memory_measure(count: int, limits: Performance | None) -> Measure:
    """Bytes that the service had at most."""
    stated = limits.memory if limits is not None else None
    return Measure(key="memory", value=count, limit=math.floor(quantity_value(stated)) if stated else None)


def _seconds(text: str | None) -> float | None:
    return float(duration_seconds(text)) if text is not None else None


def _shown(key: str, value: float) -> str:
    if key == "memory":
        return bytes_text(value)
    return f"{value:,.1f} answers/s" if key == "throughput" else seconds_text(value)


def seconds_text(seconds: float) -> str:
    """Seconds for people: ``3.21 ms``, ``1.9 s``."""
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def bytes_text(count: float) -> str:
    """Bytes for people: ``151 MiB``."""
    return f"{count / (1 << 20):,.0f} MiB"
