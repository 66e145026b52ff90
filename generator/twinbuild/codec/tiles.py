"""Where a log keeps its entries and its tree, and in which form (C2SP tlog-tiles).

A *tile* is 256 hashes of one level of the tree, a *bundle* 256 entries; the last ones of a log are narrower, and lie
under another name for each width, so that a file that was written once never changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.merkle import tree_root

__all__ = [
    "LONGEST_ENTRY",
    "WIDTH",
    "Tile",
    "decode_bundle",
    "decode_tile",
    "encode_bundle",
    "levels_of",
    "tile_of",
    "tile_path",
    "tiles_of",
    "tiles_of_level",
]

WIDTH: Final = 256
LONGEST_ENTRY: Final = 0xFFFF  # bytes
_HASH: Final = 32
_PATH: Final = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Tile:
    """``level`` -1 is a bundle of entries; ``index`` counts tiles of a level, ``width`` what is in this one."""

    level: int
    index: int
    width: int

    @property
    def start(self) -> int:
        """The first entry that it tells of."""
        return self.index * self.span * WIDTH

    @property
    def span(self) -> int:
        """How many entries each hash of it is of."""
        return 1 << (8 * max(self.level, 0))

    @property
    def full(self) -> Tile:
        """The tile of its place that is full."""
        return Tile(level=self.level, index=self.index, width=WIDTH)


def tile_path(tile: Tile) -> str:
    """Where it lies below the log's directory."""
    digits = str(tile.index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[each : each + 3] for each in range(0, len(digits), 3)]
    index = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    part = "" if tile.width == WIDTH else f".p/{tile.width}"
    return f"tile/{'entries' if tile.level < 0 else tile.level}/{index}{part}"


def tile_of(path: str) -> Tile | None:
    """The tile of a path, or None where no tile lies."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    level = -1 if match["level"] == "entries" else int(match["level"])
    index = int(match["index"].replace("x", "").replace("/", ""))
    tile = Tile(level=level, index=index, width=int(match["width"] or WIDTH))
    return tile if tile_path(tile) == path and level < 64 and tile.width <= WIDTH else None


def tiles_of(size: int) -> Iterator[Tile]:
    """Bundles and tiles that a log of that size consists of."""
    for level in (-1, *range(8)):
        yield from tiles_of_level(level, size)


def tiles_of_level(level: int, size: int) -> Iterator[Tile]:
    """Those of one level, -1 for bundles. A size that somebody only states may be anything: they never end then."""
    count = size >> (8 * max(level, 0))
    yield from (Tile(level=level, index=index, width=WIDTH) for index in range(count // WIDTH))
    if count % WIDTH:
        yield Tile(level=level, index=count // WIDTH, width=count % WIDTH)


def levels_of(leaves: Sequence[bytes]) -> tuple[tuple[bytes, ...], ...]:
    """The hashes of every level of tiles: the leaves, the roots of each full tile of them, and so on."""
    levels = [tuple(leaves)]
    while len(levels[-1]) >= WIDTH:
        below = levels[-1]
        starts = range(0, len(below) - WIDTH + 1, WIDTH)
        levels.append(tuple(tree_root(below[start : start + WIDTH]) for start in starts))
    return tuple(levels)


def decode_tile(content: bytes) -> tuple[bytes, ...] | None:
    """The hashes of a tile, or None if it is not made of whole ones."""
    if len(content) % _HASH:
        return None
    return tuple(content[each : each + _HASH] for each in range(0, len(content), _HASH))


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Entries with their lengths, in two bytes each."""
    assert all(len(entry) <= LONGEST_ENTRY for entry in entries)
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_bundle(content: bytes) -> tuple[tuple[bytes, ...], bool]:
    """The entries of a bundle, and whether it ended with the last of them."""
    entries = []
    place = 0
    while place + 2 <= len(content):
        end = place + 2 + int.from_bytes(content[place : place + 2], "big")
        if end > len(content):
            break
        entries.append(content[place + 2 : end])
        place = end
    return tuple(entries), place == len(content)
