"""One step back."""

from __future__ import annotations

import pytest

from twinbuild.model.promql.expression import parse
from twinbuild.model.promql.series import Line
from twinbuild.model.promql.solve import constant, peel, solve
from twinbuild.model.promql.state import Schema, State


@pytest.mark.parametrize(
    ("text", "value"),
    [("a > (1 + 2) * 3", 9.0), ("a > -(4 / 2)", -2.0), ("a > 1 / 0", None), ("a > b", None), ("a > 2 ^ 3", None)],
)
def test_constants(text: str, value: float | None) -> None:
    """Plain arithmetic is computed; anything else is not known."""
    assert constant(peel(parse(text)).rhs) == value  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "want", "lines"),
    [
        ("a", 3.0, [Line(first=3.0)]),
        ("-a", 3.0, [Line(first=-3.0)]),
        ("2 - a", 3.0, [Line(first=-1.0)]),
        ("6 / a", 3.0, [Line(first=2.0)]),
        ("a / 4", 3.0, [Line(first=12.0)]),
        ("increase(a[1m])", 3.0, [Line(step=0.05)]),
        ("sum(avg_over_time(a[5m]))", 3.0, [Line(first=3.0)]),
        ("count(a)", 2.0, [Line(first=1.0), Line(first=1.0)]),
        ("count(a > 7)", 1.0, [Line(first=14.0)]),
        ("clamp_min(a, 1)", 3.0, [Line(first=3.0)]),
        ("a - b", 3.0, [Line(first=97.0), Line(first=100.0)]),
        ("a * b", 3.0, [Line(first=1.0), Line(first=3.0)]),
    ],
)
def test_undone(text: str, want: float, lines: list[Line]) -> None:
    """The first way that is found."""
    state, _ = next(solve(parse(text), want, State(schema=Schema(labels=()))))
    assert [each.line for each in state.series] == lines


@pytest.mark.parametrize(
    ("text", "want"), [("clamp_min(a, 5)", 3.0), ("ceil(a)", 2.5), ("abs(a)", -1.0), ("count(a)", 0.5), ("exp(a)", 1.0)]
)
def test_no_way(text: str, want: float) -> None:
    """Where no value below gives it, none is made up."""
    assert list(solve(parse(text), want, State(schema=Schema(labels=())))) == []
