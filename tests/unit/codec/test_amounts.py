"""``codec.amounts``: numbers as sentences say them."""

from __future__ import annotations

from twinbuild.codec.amounts import amount


def test_bytes() -> None:
    """Megabytes up to a gigabyte."""
    assert [amount(size) for size in (43_210_000, 999_999_999, 10**9)] == ["43.2 MB", "1000.0 MB", "1.00 GB"]
