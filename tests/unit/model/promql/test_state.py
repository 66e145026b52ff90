"""Labels of series, and which selectors take them."""

from __future__ import annotations

import promql_parser as ql
import pytest

from twinbuild.model.promql.series import Line
from twinbuild.model.promql.state import Atom, Matching, Output, Schema, State

SCHEMA = Schema(labels=(("a", ("path", "status")),))


def _atom(text: str) -> Atom:
    return Atom.of(ql.parse(text))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("a", True),
        ("b", False),
        ('a{status="500"}', True),
        ('a{status!="500"}', False),
        ('a{status=~"5.."}', True),
        ('a{status=~"5"}', False),
        ('a{status!~"4..|5.."}', False),
        ('a{other=""}', True),
        ('a{status=~"(?i)5[0-9]+"}', True),
        ('a{status=~"50"}', False),
        ('a{status=~".*\\n?"}', True),
    ],
)
def test_what_a_selector_takes(text: str, taken: bool) -> None:
    """Regular expressions take the whole value; a label that is not there is empty."""
    assert _atom(text).accepts("a", (("status", "500"),)) is taken


@pytest.mark.parametrize(("operator", "taken"), [("=~", False), ("!~", True)])
def test_no_expression_takes_for_ever(operator: str, taken: bool) -> None:
    """An engine that goes back and forth would take 2^60 steps."""
    assert _atom(f'a{{status{operator}"(a+)+b"}}').accepts("a", (("status", "a" * 60),)) is taken


def test_labels_suit_one_selector_alone() -> None:
    """The second series is not one of the first selector's."""
    first = State(schema=SCHEMA).add(_atom('a{status=~"5.."}'), Line())
    assert first is not None
    second = first.add(_atom("a"), Line())
    assert second is not None
    assert [each.selector for each in second.series] == ['a{path="a",status="500"}', 'a{path="a",status="a"}']
    assert second.add(_atom('a{status="500"}'), Line()) is None


def test_matching() -> None:
    """Which labels must agree, and which are left."""
    left, right = Output(labels=(("a", "1"), ("b", "2"))), Output(labels=(("a", "1"), ("c", "3")))
    on = Matching(on=True, labels=("a",))
    assert left.matches(right, on)
    assert not left.matches(right, Matching())
    assert left.joined(right, on) == Output(labels=(("a", "1"),))
    many = Matching(on=True, labels=("a",), card="ManyToOne", included=("c",))
    assert left.joined(right, many) == Output(labels=(("a", "1"), ("b", "2"), ("c", "3")))
