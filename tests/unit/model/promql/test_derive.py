"""Series for alerts; ``oracle/test_promtool.py`` shows that they do what they are for."""

from __future__ import annotations

import time

import pytest

from twinbuild.model.promql.derive import Underivable, derive_false, derive_true
from twinbuild.model.promql.expression import parse
from twinbuild.model.promql.series import Line
from twinbuild.model.promql.state import Schema

SCHEMA = Schema(
    labels=(("requests_total", ("path", "status")), ("queue", ("shard",)), ("seconds_bucket", ("le",))),
    counters=frozenset({"requests_total"}),
)


def _lines(text: str) -> tuple[dict[str, Line], dict[str, Line]]:
    tree = parse(text)
    firing, silent = derive_true(tree, SCHEMA)[0], derive_false(tree, SCHEMA)[0]
    return {each.selector: each.line for each in firing}, {each.selector: each.line for each in silent}


def test_a_gauge() -> None:
    """A value on either side of the bound."""
    assert _lines("queue > 5") == ({'queue{shard="a"}': Line(first=10.0)}, {'queue{shard="a"}': Line(first=2.0)})


def test_a_share_of_one_counter() -> None:
    """The wider selector gets what the narrower one leaves, so that the share is never above 1."""
    firing, silent = _lines('sum(rate(requests_total{status="500"}[5m])) / sum(rate(requests_total[5m])) > 0.5')
    for lines in (firing, silent):
        assert sum(line.step for line in lines.values()) == pytest.approx(100)
    assert firing['requests_total{path="a",status="500"}'].step == pytest.approx(75)
    assert silent['requests_total{path="a",status="500"}'].step == pytest.approx(25)


def test_a_quantile() -> None:
    """All observations lie in one bucket."""
    firing, _ = _lines("histogram_quantile(0.5, sum by (le) (rate(seconds_bucket[5m]))) > 1")
    assert [(each, line.step) for each, line in firing.items()] == [
        ('seconds_bucket{le="1.0"}', 0.0),
        ('seconds_bucket{le="3.0"}', 1.0),
        ('seconds_bucket{le="+Inf"}', 1.0),
    ]


def test_absence() -> None:
    """It fires for want of a series, whose labels it then has."""
    tree = parse('absent(queue{shard="b"})')
    assert derive_true(tree, SCHEMA) == ((), (("shard", "b"),))
    assert [each.selector for each in derive_false(tree, SCHEMA)[0]] == ['queue{shard="b"}']


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("queue", "it compares nothing"),
        ("queue > bool 1", "bool"),
        ("rate(requests_total[5m]) < 0", "never goes below 0"),
        ("queue - queue > 1", "two values at once"),
        ('queue{shard=~"(y|z){3}-[^q]+"} > 1', "no labels of queue suit"),
        ("rate(requests_total[5m]) / queue > 1", "different labels"),
        ("queue > Inf", "no value makes it so"),
        ("count(queue) > 99", "expected a whole number from 1 to 50"),
        ("queue @ 5 > 1", "reads no series"),
        ("queue / 0 > 1", "is not known"),
    ],
)
def test_reasons(text: str, reason: str) -> None:
    """Why nothing can be derived is said."""
    with pytest.raises(Underivable, match=reason):
        _lines(text)


def test_the_search_ends() -> None:
    """Ways multiply with every operator, and are not all gone."""
    started = time.process_time()
    with pytest.raises(Underivable, match="too many parts"):
        derive_true(parse("/".join("abcdefghijklmnop") + " / (a + b) > 1"), SCHEMA)
    assert time.process_time() - started < 30
