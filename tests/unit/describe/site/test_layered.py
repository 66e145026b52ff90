"""``describe.site.layered``: edges go forward, columns keep their order, and nothing overlaps."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from twinbuild.describe.site.layered import acyclic, drawn, fitting, reduced

EDGES = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=40)


def reach(count: int, edges: object) -> set[tuple[int, int]]:
    """Who leads to whom, by any way."""
    assert isinstance(edges, tuple)
    found = set(edges)
    while True:
        more = found | {(a, d) for a, b in found for c, d in edges if b == c}
        if more == found:
            return found
        found = more


@given(EDGES)
def test_no_cycle_is_left(edges: list[tuple[int, int]]) -> None:
    """Every edge is there, one way or the other, and none leads back; a graph without a cycle stays as it is."""
    forward = acyclic(12, edges)
    assert all(a != b for a, b in reach(12, forward))
    assert {frozenset(each) for each in forward} == {frozenset(each) for each in edges if each[0] != each[1]}
    rising = tuple(dict.fromkeys((a, b) for a, b in edges if a < b))
    assert acyclic(12, rising) == rising


@given(EDGES)
def test_a_reduction_leads_to_the_same(edges: list[tuple[int, int]]) -> None:
    """Who is reached does not change, and no edge could be left out."""
    forward = acyclic(12, edges)
    fewer = reduced(12, forward)
    assert reach(12, fewer) == reach(12, forward)
    for each in fewer:
        assert each not in reach(12, tuple(other for other in fewer if other != each))


@given(EDGES)
def test_a_drawing(edges: list[tuple[int, int]]) -> None:
    """Edges go from column to column to the right; nodes of a column are a row apart; each time the same."""
    forward = acyclic(12, edges)
    made = drawn(12, forward)
    assert made == drawn(12, forward)
    for (a, b), way in zip(forward, made.ways, strict=True):
        assert (way[0], way[-1]) == (made.places[a], made.places[b])
        assert all(other[0] == one[0] + 1 for one, other in pairwise(way))
    for column in range(made.columns):
        rows = sorted(row for at, row in made.places if at == column)
        assert all(other - one > 0.999 for one, other in pairwise(rows))
    assert all(0 <= row <= made.height for _, row in made.places)


@given(EDGES, st.integers(0, 60))
def test_what_fits(edges: list[tuple[int, int]], most: int) -> None:
    """No more columns are crossed than may be, by the shortest edges; with room for all, all are there."""
    forward = acyclic(12, edges)
    kept = fitting(12, forward, most)
    assert [each for each in forward if each in kept] == list(kept)
    assert sum(len(way) - 1 for way in drawn(12, kept).ways) <= most
    assert fitting(12, forward, 12 * 144) == forward


def test_a_chain_is_level() -> None:
    """A node stands beside what leads to it, where there is room."""
    made = drawn(3, ((0, 1), (1, 2)))
    assert made.places == ((0, 0.0), (1, 0.0), (2, 0.0))


def test_no_needless_crossing() -> None:
    """Two pairs that are given crosswise are drawn side by side."""
    made = drawn(4, ((0, 3), (1, 2)))
    rows = [row for _, row in made.places]
    assert (rows[0] < rows[1]) == (rows[3] < rows[2])


def test_nothing() -> None:
    """No node, no drawing."""
    assert (drawn(0, ()).columns, drawn(0, ()).height, acyclic(0, ()), reduced(0, ())) == (0, 0.0, (), ())
