"""Numbers as sentences say them."""

from __future__ import annotations

__all__ = ["amount", "counted"]


def amount(size: int) -> str:
    """Bytes in megabytes or gigabytes, as 43.2 MB."""
    return f"{size / 1e9:.2f} GB" if size >= 10**9 else f"{size / 1e6:.1f} MB"


def counted(number: int, one: str, many: str = "", *, grouped: bool = False) -> str:
    """A number and what there are so many of: 1 file, 0 files, 2 entries.

    ``many`` where an s behind it does not do, or where a verb goes along; ``grouped``: thousands are set off.
    """
    return f"{number:{',' if grouped else ''}} {one if number == 1 else many or f'{one}s'}"
