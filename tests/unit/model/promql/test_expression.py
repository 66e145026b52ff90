"""What an expression reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from twinbuild.model.promql.expression import Use, measured, parse, uses, windows


def test_uses() -> None:
    """Each metric once, with the labels of matchers and of the groupings around it."""
    tree = parse(
        'sum by (path) (rate(a_total{code=~"5.."}[5m])) / on (path) sum by (path) (rate(a_total[5m])) > 0.1'
        " and on (pod) b offset 1h > 3"
    )
    assert uses(tree) == (Use(metric="a_total", labels=("code", "path")), Use(metric="b", labels=("pod",)))
    assert sorted(windows(tree)) == [300_000, 300_000, 3_600_000]


def test_a_label_that_the_expression_makes() -> None:
    """label_replace makes it; the metric need not have it."""
    tree = parse('sum by (zone) (label_replace(a, "zone", "$1", "pod", "(.)-.*")) > 1')
    assert uses(tree) == (Use(metric="a", labels=()),)


def test_a_metric_named_by_a_matcher() -> None:
    """``__name__`` is a metric, and no label."""
    assert uses(parse('{__name__="a",b="c"} > 1')) == (Use(metric="a", labels=("b",)),)


@given(st.text(max_size=80) | st.text(st.sampled_from("ab(){}[]<>=~!\"'\\1.5m@+-*/ ,_:"), max_size=60))
def test_any_text(text: str) -> None:
    """It is parsed, or refused with our code; nothing else happens."""
    refused = ""
    try:
        uses(parse(text))
    except PydanticCustomError as error:
        refused = error.type
    assert refused in ("", "TB1170")


@pytest.mark.parametrize("depth", [10, 200])
def test_deep(depth: int) -> None:
    """Parentheses may be as deep as a line is long."""
    assert uses(parse("(" * depth + "a" + ")" * depth + " > 1")) == (Use(metric="a", labels=()),)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sum(rate(a[5m])) / b > 1", ["a", "b"]),
        ("absent(a) and on () b", ["b"]),
        ("absent_over_time(a[5m])", []),
        ("(a or vector(0)) > 1", []),
        ("a > 1 unless on () b", ["a"]),
        ("max_over_time((a > 1)[5m:1m]) > 1 and b", ["a", "b"]),
    ],
)
def test_measured(text: str, found: list[str]) -> None:
    """What an expression yields nothing without; not what it asks the absence of, or has something in place of."""
    assert [each.name for each in measured(parse(text))] == found
