"""How many bytes may still be unpacked in all that one comparison looks into: an archive may hold many bombs."""

from __future__ import annotations

__all__ = ["Budget"]


class Budget:
    """An amount of bytes, which may be a part of another: what is taken from the part is taken from both."""

    def __init__(self, most: int, *, of: Budget | None = None) -> None:
        self._left, self._whole = most, of

    @property
    def left(self) -> int:
        """Bytes that may still be unpacked."""
        return max(0, self._left if self._whole is None else min(self._left, self._whole.left))

    def take(self, size: int) -> None:
        """Bytes that were unpacked."""
        self._left -= size
        if self._whole is not None:
            self._whole.take(size)
