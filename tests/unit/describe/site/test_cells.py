"""``describe.site.cells``: values of tables."""

from __future__ import annotations

import pytest

from twinbuild.describe.site.cells import amount, columns, number, size


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (43_222_741, "43.2 MB"),
        (10**18, "1000.0 PB"),
    ],
)
def test_amounts(value: int, said: str) -> None:
    """One to three digits before the point, whatever rounds up."""
    assert amount(value) == said


def test_what_is_sorted_by() -> None:
    """The exact number, not what is shown."""
    assert (size(1234).sort, size(1234).text) == ("1234", "1.2 kB")
    assert (number(12345).sort, number(12345).text) == ("12345", "12,345")


def test_columns() -> None:
    """One that begins with # holds numbers."""
    assert [(each.title, each.is_number) for each in columns("Layer", "#Size")] == [("Layer", False), ("Size", True)]
