"""Series for a unit test: the metric, its labels, and values that grow by a fixed step."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["Line", "Series", "duration", "number", "quoted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Values that begin at ``first`` and grow by ``step`` a second."""

    first: float = 0.0
    step: float = 0.0

    def notation(self, interval: int, count: int) -> str:
        """Promtool's notation of ``count`` + 1 values, one each ``interval`` milliseconds."""
        if math.isnan(self.first):
            return f"NaN+0x{count}"
        step = self.step * interval / 1000
        sign = "-" if step < 0 else "+"
        return f"{number(self.first)}{sign}{number(abs(step))}x{count}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A metric with its labels, sorted by name, and its values."""

    metric: str
    labels: tuple[tuple[str, str], ...]
    line: Line

    @property
    def selector(self) -> str:
        """The series as PromQL writes it."""
        inner = ",".join(f"{name}={quoted(value)}" for name, value in self.labels)
        return f"{self.metric}{{{inner}}}" if inner else self.metric


def number(value: float) -> str:
    """A finite number as PromQL reads it, without an exponent."""
    assert math.isfinite(value)
    text = format(Decimal(repr(float(value))), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def quoted(text: str) -> str:
    """A string literal of PromQL: it has the escapes of Go, which has those of JSON."""
    return json.dumps(text, ensure_ascii=False)


def duration(milliseconds: int) -> str:
    """A length of time as Prometheus and Go read it: ``1m30s``. Go knows no days."""
    assert milliseconds >= 0
    parts = []
    rest = milliseconds
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
