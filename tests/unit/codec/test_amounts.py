"""``codec.amounts``: numbers as sentences say them."""

from __future__ import annotations

from twinbuild.codec.amounts import amount, counted


def test_bytes() -> None:
    """Megabytes up to a gigabyte."""
    assert [amount(size) for size in (43_210_000, 999_999_999, 10**9)] == ["43.2 MB", "1000.0 MB", "1.00 GB"]


def test_counted() -> None:
    """One thing is one thing; a word whose plural is another, and a verb, go along."""
    assert [counted(number, "file") for number in (0, 1, 2, 1000)] == ["0 files", "1 file", "2 files", "1000 files"]
    assert [counted(number, "entry is", "entries are") for number in (1, 2)] == ["1 entry is", "2 entries are"]
    assert counted(12_345, "file", grouped=True) == "12,345 files"
