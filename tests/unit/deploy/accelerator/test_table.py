"""The table: every row has its source, and rows that follow one another fit."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from twinbuild.deploy.accelerator.frameworks import FRAMEWORKS
from twinbuild.deploy.accelerator.table import CUDA, ROCM, cuda_family, cuda_toolkit, numbers, rocm_release


def test_rows_are_sourced_and_ordered() -> None:
    """Sources with dates; a later CUDA needs a later driver, drops old devices and keeps new ones."""
    sources = [source for row in (*CUDA, *ROCM) for source in row.sources] + [row.source for row in FRAMEWORKS]
    assert all(row.sources for row in (*CUDA, *ROCM))
    for source in sources:
        assert source.title
        assert date(2026, 1, 1) <= date.fromisoformat(source.read) <= date(2100, 1, 1)
    for older, newer in pairwise(CUDA):
        assert older.major < newer.major
        assert numbers(older.driver) < numbers(newer.driver)
        assert numbers(older.devices[0]) <= numbers(newer.devices[0])
        assert numbers(older.devices[-1]) <= numbers(newer.devices[-1])


def test_toolkits() -> None:
    """Each is of its family, later ones have later drivers, none older than the family's; devices are in order."""
    for family in CUDA:
        for toolkit in family.toolkits:
            assert numbers(toolkit.version)[0] == family.major
            assert len(numbers(toolkit.version)) == 2
            assert list(toolkit.devices) == sorted(set(toolkit.devices), key=numbers)
        for older, newer in pairwise(family.toolkits):
            assert numbers(older.version) < numbers(newer.version)
            assert not newer.driver or numbers(older.driver) < numbers(newer.driver)
            assert set(older.devices) <= set(newer.devices), "a major version drops no device"
        drivers = [numbers(each.driver) for each in family.toolkits if each.driver]
        assert all(driver >= numbers(family.driver)[:1] for driver in drivers)


def test_numbers_of_hostile_versions() -> None:
    """Only leading plain numbers count, and none that is absurdly long."""
    assert numbers("9.1.0.70") == (9, 1, 0, 70)
    assert numbers("12.4rc1") == (12,)
    assert numbers("1" * 5000) == ()
    assert numbers("١٢.4") == ()
    assert numbers("") == ()


def test_lookups() -> None:
    """By version, whatever follows the minor one; none for what the table lacks or is no version."""
    family, toolkit, rocm = cuda_family("12.4"), cuda_toolkit("12.4.1"), rocm_release("6.4.2")
    assert (family and family.driver, toolkit and toolkit.driver) == ("525.60.13", "550.54.14")
    assert rocm is not None
    assert rocm.version == "6.4"
    assert [cuda_family(text) for text in ("99.0", "x")] == [None, None]
    assert [cuda_toolkit(text) for text in ("12.7", "12", "99.0", "x")] == [None] * 4
    assert rocm_release("5.7") is None
