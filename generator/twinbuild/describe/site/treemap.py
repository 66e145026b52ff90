"""A squarified treemap (Bruls, Huizing and van Wijk, 2000): areas as large as their values, as near to squares as goes.

Coordinates are percents of a picture that is ``aspect`` times as wide as it is high.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["Tile", "treemap"]

_WHOLE: Final = 100.0
_MOST: Final = 2000  # tiles; nobody sees more


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """The place of the value at ``index``, in percents of the picture's width and height."""

    index: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Free:
    """What is left of the picture, in units in which both sides count alike."""

    x: float
    y: float
    width: float
    height: float

    @property
    def short(self) -> float:
        return min(self.width, self.height)


def treemap(values: Sequence[float], *, aspect: float = 2.4) -> tuple[Tile, ...]:
    """A tile for each value above 0, the largest first, at the left and the top."""
    order = sorted((index for index, value in enumerate(values) if value > 0), key=lambda each: (-values[each], each))
    order = order[:_MOST]
    total = sum(values[each] for each in order)
    if not order:
        return ()
    free = _Free(x=0, y=0, width=aspect, height=1)
    areas = [values[each] / total * aspect for each in order]
    tiles: list[Tile] = []
    done = 0
    while done < len(areas):
        row = _row(areas, done, free.short)
        placed, free = _laid(areas[done : done + row], order[done : done + row], free, aspect)
        tiles += placed
        done += row
    return tuple(tiles)


def _row(areas: Sequence[float], start: int, side: float) -> int:
    """How many areas stand beside each other, so that the worst of them is as near to a square as goes."""
    count, best = 1, _worst(areas[start : start + 1], side)
    while start + count < len(areas):
        worse = _worst(areas[start : start + count + 1], side)
        if worse > best:
            break
        count, best = count + 1, worse
    return count


def _worst(row: Sequence[float], side: float) -> float:
    whole = sum(row)
    return max(max(side**2 * each / whole**2, whole**2 / (side**2 * each)) for each in row) if side else 0.0


def _laid(row: Sequence[float], indices: Sequence[int], free: _Free, aspect: float) -> tuple[list[Tile], _Free]:
    thick = sum(row) / free.short if free.short else 0.0
    tiles: list[Tile] = []
    at = free.y if free.width >= free.height else free.x
    for area, index in zip(row, indices, strict=True):
        long = area / thick if thick else 0.0
        if free.width >= free.height:  # a column at the left
            tiles.append(_tile(index, (free.x, at, thick, long), aspect))
        else:
            tiles.append(_tile(index, (at, free.y, long, thick), aspect))
        at += long
    if free.width >= free.height:
        return tiles, _Free(x=free.x + thick, y=free.y, width=max(free.width - thick, 0), height=free.height)
    return tiles, _Free(x=free.x, y=free.y + thick, width=free.width, height=max(free.height - thick, 0))


def _tile(index: int, place: tuple[float, float, float, float], aspect: float) -> Tile:
    x, y, width, height = place
    return Tile(
        index=index,
        x=round(x / aspect * _WHOLE, 3),
        y=round(y * _WHOLE, 3),
        width=round(width / aspect * _WHOLE, 3),
        height=round(height * _WHOLE, 3),
    )
