"""Numbers as sentences say them."""

from __future__ import annotations

__all__ = ["amount"]


def amount(size: int) -> str:
    """Bytes in megabytes or gigabytes, as 43.2 MB."""
    return f"{size / 1e9:.2f} GB" if size >= 10**9 else f"{size / 1e6:.1f} MB"
