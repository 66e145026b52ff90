"""When a unit test of a rule looks: after its windows are full and it has held for as long as it must."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from twinbuild.model.promql.expression import children, windows
from twinbuild.model.promql.state import Underivable

if TYPE_CHECKING:
    import promql_parser as ql

__all__ = ["MINUTE", "Timing", "timing_of"]

MINUTE: Final = 60_000
_EVALUATIONS: Final = 5000  # of one test, at most: windows of a month would take promtool minutes else
_SAMPLES: Final = 1000  # in one window, at most: promtool loads no more than 10,000 for a query
_LOOKBACK: Final = 4 * MINUTE  # a sample is seen for five minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Milliseconds between two samples and between two evaluations, and when the test looks."""

    interval: int
    evaluation: int
    at: int

    @property
    def count(self) -> int:
        """Samples behind the first."""
        return -(-self.at // self.interval) + 1


def timing_of(tree: ql.Expr, held: int) -> Timing:
    """When an expression has been evaluated with full windows for ``held`` milliseconds.

    Raises Underivable where a window is so long that no fixed distance of samples suits it and what is beside it.
    """
    spans = windows(tree)
    whole = held + sum(spans)
    evaluation = max(MINUTE, _whole_seconds(whole // _EVALUATIONS))
    # Four samples in the shortest window: a rate takes two, and the edges of a window may count or not.
    shortest = min(spans, default=4 * MINUTE)
    interval = max(1000, min(MINUTE, _whole_seconds(shortest // 4)), _whole_seconds(max(spans, default=0) // _SAMPLES))
    if interval > MINUTE and (interval > shortest // 4 or (interval > _LOOKBACK and any(_instant(tree)))):
        raise Underivable("its longest window does not go with the shorter ones in one test")
    at = -(-(whole + 3 * evaluation) // evaluation) * evaluation
    return Timing(interval=interval, evaluation=evaluation, at=at)


def _whole_seconds(length: int) -> int:
    return length // 1000 * 1000


def _instant(node: ql.Expr) -> Iterator[ql.Expr]:
    """Selectors without a range."""
    import promql_parser as ql

    if isinstance(node, ql.VectorSelector):
        yield node
    elif not isinstance(node, ql.MatrixSelector):
        for below in children(node):
            yield from _instant(below)
