"""Seeking in a stream that only runs forward, as a compressed file does: back means once more from its start.

What was read last stays at hand, so that small steps back cost nothing.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, Final

__all__ = ["Rewindable"]

_CHUNK: Final = 1 << 18  # bytes; the last two are at hand


class Rewindable(io.RawIOBase):
    """The bytes of ``opened()``, a stream that is opened again for every step back beyond the last two chunks."""

    def __init__(self, opened: Callable[[], BinaryIO]) -> None:
        super().__init__()
        self._opened = opened
        self._stream = opened()
        self._before = self._last = b""
        self._end = 0  # where the last chunk ends, which is what was read of the stream
        self._place = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """The place of the next byte."""
        return self._place

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """From the start, or from here; where its end is, a stream does not know."""
        assert whence in (0, 1), "the end is not known"
        self._place = max(0, offset + (self._place if whence else 0))
        return self._place

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to ``size`` bytes, fewer only at the end."""
        assert size is not None, "how much is read is stated"
        assert size >= 0, "how much is read is stated"
        if self._place < self._start:
            self._stream.close()
            self._stream = self._opened()
            self._before = self._last = b""
            self._end = 0
        pieces: list[bytes] = []
        while size:
            while self._place >= self._end:
                if not self._advance():
                    return b"".join(pieces)
            known = self._before + self._last if self._place < self._end - len(self._last) else self._last
            at = len(known) - (self._end - self._place)
            piece = known[at : at + size]
            pieces.append(piece)
            self._place += len(piece)
            size -= len(piece)
        return b"".join(pieces)

    def close(self) -> None:
        """Close the stream below, too."""
        self._stream.close()
        super().close()

    @property
    def _start(self) -> int:
        return self._end - len(self._last) - len(self._before)

    def _advance(self) -> bool:
        chunk = self._stream.read(_CHUNK)
        if not chunk:
            return False
        self._before, self._last = self._last, chunk
        self._end += len(chunk)
        return True
