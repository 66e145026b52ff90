"""Values for which a comparison holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinbuild.model.promql.candidates import INVERSE, MIRROR, candidates, holds


@given(operator=st.sampled_from(sorted(INVERSE)), bound=st.floats(-1e12, 1e12), exact=st.booleans())
def test_they_hold(operator: str, bound: float, exact: bool) -> None:
    """All of them, and none for the opposite."""
    found = list(candidates(operator, bound, exact=exact))
    assert all(holds(value, operator, bound) and not holds(value, INVERSE[operator], bound) for value in found)
    assert all(holds(bound, MIRROR[operator], value) for value in found)
    assert found or (operator == "==" and not exact)


@pytest.mark.parametrize("bound", [float("inf"), float("nan"), 1.7e308, -1.7e308])
def test_no_bound(bound: float) -> None:
    """Nothing is sure of what is no number, and no series can be written that grows to the largest ones."""
    assert list(candidates(">", bound, exact=True)) == []
    assert not holds(1.0, ">", None)
