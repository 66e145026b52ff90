"""One difference as the engine finds it: where, with the bytes around it, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from twinbuild.verify.mismatch.catalogue import Cause

__all__ = ["AROUND", "Found", "Stream", "at_bytes", "first_unequal", "told"]

AROUND: Final = 48  # bytes of context on each side of the first difference
_STRIDE: Final = 4096


class Stream:
    """Chunks as a stream that is only read forward."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._left = chunks, b""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; nothing means the end."""
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._left = chunk
        taken, self._left = self._left[:size], self._left[size:]
        return taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """``place`` is the way in: a member, a member of that member, …, a file; empty for the thing itself.

    ``offset`` is in what ``place`` names, in bytes; -1 where no byte of its content is meant (then ``first`` and
    ``second`` are words). ``start`` is the offset of the first byte of both excerpts.
    """

    place: tuple[str, ...]
    offset: int
    start: int
    first: bytes
    second: bytes
    cause: Cause


def first_unequal(one: bytes, other: bytes) -> int:
    """The offset of the first differing byte; the shorter length where one begins the other."""
    shorter = min(len(one), len(other))
    for start in range(0, shorter, _STRIDE):
        end = min(start + _STRIDE, shorter)
        if one[start:end] != other[start:end]:
            return next(place for place in range(start, end) if one[place] != other[place])
    return shorter


def at_bytes(place: tuple[str, ...], sides: tuple[bytes, bytes], at: int, why: Cause, *, base: int = 0) -> Found:
    """A difference at byte ``at`` of two pieces, which begin at ``base`` of what ``place`` names."""
    start = max(0, at - AROUND)
    return Found(
        place=place,
        offset=base + at,
        start=base + start,
        first=sides[0][start : at + AROUND],
        second=sides[1][start : at + AROUND],
        cause=why,
    )


def told(place: tuple[str, ...], first: str, second: str, why: Cause) -> Found:
    """A difference that is no byte of a content: of a header's field, of names."""
    one, other = (text.encode("utf-8", "surrogateescape") for text in (first, second))
    return Found(place=place, offset=-1, start=0, first=one, second=other, cause=why)
