"""``describe.site.treemap``: areas are as large as their values, fill the picture, and do not overlap."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinbuild.describe.site.treemap import treemap

VALUES = st.lists(st.integers(min_value=0, max_value=10**12), max_size=40)


@given(VALUES)
def test_areas(values: list[int]) -> None:
    """Each value above 0 has its share of the picture, within what rounding takes."""
    tiles = treemap(values)
    assert sorted(tile.index for tile in tiles) == [index for index, value in enumerate(values) if value]
    for tile in tiles:
        share = values[tile.index] / sum(values)
        assert tile.width * tile.height / 10_000 == pytest.approx(share, abs=0.0005)
        assert tile.x >= 0
        assert tile.y >= 0
        assert tile.x + tile.width <= 100.01
        assert tile.y + tile.height <= 100.01


@given(VALUES)
def test_none_lies_on_another(values: list[int]) -> None:
    """Two tiles share an edge at most."""
    for one, two in combinations(treemap(values), 2):
        wide = min(one.x + one.width, two.x + two.width) - max(one.x, two.x)
        high = min(one.y + one.height, two.y + two.height) - max(one.y, two.y)
        assert min(wide, high) < 0.01


def test_squares() -> None:
    """Equal values become squares, in pixels of the picture."""
    for tile in treemap([1] * 6, aspect=1.5):
        assert tile.width * 1.5 == pytest.approx(tile.height, rel=0.01)


def test_nothing() -> None:
    """No value, no tile."""
    assert treemap([]) == treemap([0, 0]) == ()
