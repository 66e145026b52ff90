"""The table: every row has its source, and rows that follow one another fit."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from twinbuild.deploy.accelerator.table import CUDA, FRAMEWORKS, cuda_family, numbers


def test_rows_are_sourced_and_ordered() -> None:
    """Sources with dates; a later CUDA needs a later driver, drops old devices and keeps new ones."""
    for row in (*(source for family in CUDA for source in family.sources), *(each.source for each in FRAMEWORKS)):
        assert row.title
        assert date.fromisoformat(row.read) <= date(2100, 1, 1)
    for older, newer in pairwise(CUDA):
        assert older.major < newer.major
        assert numbers(older.driver) < numbers(newer.driver)
        assert numbers(older.oldest_device) <= numbers(newer.oldest_device)
        assert numbers(older.newest_device) <= numbers(newer.newest_device)


def test_family_by_version() -> None:
    """By the major version; none for what the table lacks or is no version."""
    family = cuda_family("12.4")
    assert family is not None
    assert family.driver == "525.60.13"
    assert cuda_family("99.0") is None
    assert cuda_family("x") is None


def test_numbers_of_hostile_versions() -> None:
    """Only leading plain numbers count, and none that is absurdly long."""
    assert numbers("9.1.0.70") == (9, 1, 0, 70)
    assert numbers("12.4rc1") == (12,)
    assert numbers("1" * 5000) == ()
    assert numbers("١٢.4") == ()
    assert numbers("") == ()
