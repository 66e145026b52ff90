"""Series as promtool writes them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinbuild.model.promql.series import Line, Series, duration, number, quoted


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (Line(first=5.0), "5+0x3"),
        (Line(step=0.5), "0+30x3"),
        (Line(first=1.0, step=-2.0), "1-120x3"),
        (Line(first=math.nan), "NaN+0x3"),
        (Line(step=1e-7), "0+0.000006x3"),
    ],
)
def test_notation(line: Line, text: str) -> None:
    """First value, growth in each interval, how many more."""
    assert line.notation(60_000, 3) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers(value: float) -> None:
    """No exponent, and the same number when it is read."""
    assert float(number(value)) == value
    assert "e" not in number(value)


@pytest.mark.parametrize(
    ("length", "text"), [(0, "0s"), (90_000, "1m30s"), (86_400_000, "24h"), (3_600_001, "1h1ms"), (250, "250ms")]
)
def test_durations(length: int, text: str) -> None:
    """Whole units, the largest first; no days, which Go does not read."""
    assert duration(length) == text


def test_selector() -> None:
    """Values of labels are quoted."""
    labels = (("a", 'x"y\\'), ("b", "1\n2"))
    assert Series(metric="m", labels=labels, line=Line()).selector == 'm{a="x\\"y\\\\",b="1\\n2"}'
    assert Series(metric="m", labels=(), line=Line()).selector == "m"
    assert quoted("\t") == '"\\t"'
    assert quoted("\x01é") == '"\\u0001é"'  # as it stands in an expression of the rollout, too
