"""When a unit test looks."""

from __future__ import annotations

import pytest

from twinbuild.model.promql.expression import parse
from twinbuild.model.promql.state import Underivable
from twinbuild.model.promql.timing import Timing, timing_of


def test_windows_are_full() -> None:
    """The time that it must hold, the windows, and a few evaluations; samples are close enough for a rate."""
    assert timing_of(parse("rate(a[2m]) > 1"), 600_000) == Timing(interval=30_000, evaluation=60_000, at=900_000)
    assert timing_of(parse("a > 1"), 0) == Timing(interval=60_000, evaluation=60_000, at=180_000)


def test_a_month() -> None:
    """Samples and evaluations are fewer."""
    found = timing_of(parse("increase(a[30d]) > 1"), 0)
    assert found.count < 1100
    assert found.at // found.evaluation <= 5100


@pytest.mark.parametrize("text", ["increase(a[30d]) > 1 and b > 1", "increase(a[30d]) > 1 and rate(a[5m]) > 1"])
def test_what_does_not_go_together(text: str) -> None:
    """One distance between samples can't suit both."""
    with pytest.raises(Underivable, match="longest window"):
        timing_of(parse(text), 0)
