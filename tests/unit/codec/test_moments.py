"""``codec.moments``: one spelling for each second."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinbuild.codec.moments import LATEST, moment, moment_of, moment_text


@given(st.integers(0, LATEST))
def test_back(seconds: int) -> None:
    """What is written is read."""
    assert moment(moment_text(seconds)) == seconds


@pytest.mark.parametrize(
    "text",
    [
        *("", "2027-01-15", "2027-01-15T08:00:00", "2027-01-15T08:00:00+00:00", "2027-02-30T00:00:00Z"),
        *("1969-12-31T23:59:59Z", "2027-01-15T08:00:60Z", "2027-01-15t08:00:00Z", "\uff12027-01-15T08:00:00Z", 5, None),
    ],
)
def test_refused(text: object) -> None:
    """Other spellings, and times that are none."""
    assert moment(text) is None


def test_nothing_else_is_taken() -> None:
    """For whoever wants a time and no other value."""
    assert moment_of("1970-01-01T00:01:00Z") == 60
    with pytest.raises(ValueError):  # noqa: PT011  it says no more
        moment_of("1970-01-01")
