"""The right edge of a log's tree: all that is needed to append to it, and to know its root."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twinbuild.codec.merkle import EMPTY_ROOT, leaf_hash, node_hash, tree_root
from twinbuild.codec.tiles import WIDTH, Tile, encode_bundle

__all__ = ["Edge", "edge_tiles"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """At each level the hashes of the tile that is not full (fewer than 256), and the entries of the last bundle."""

    size: int
    levels: tuple[tuple[bytes, ...], ...]
    bundle: tuple[bytes, ...]

    @property
    def root(self) -> bytes:
        """The root of the whole tree: each level's hashes are trees of one size, and smaller ones follow them."""
        root: bytes | None = None
        for hashes in self.levels:
            end = len(hashes)
            while end:
                perfect = end & -end  # trees that make one at the end: the lowest bit
                tree = tree_root(hashes[end - perfect : end])
                root = tree if root is None else node_hash(tree, root)
                end -= perfect
        return EMPTY_ROOT if root is None else root

    @property
    def is_of_its_entries(self) -> bool:
        """Whether the last bundle's entries are those whose hashes are in the last tile."""
        return tuple(leaf_hash(entry) for entry in self.bundle) == (self.levels[0] if self.levels else ())

    def grown(self, entries: Sequence[bytes]) -> tuple[list[tuple[Tile, bytes]], Edge]:
        """Bundles and tiles that come with more entries, and the edge after that."""
        levels, bundle = [list(hashes) for hashes in self.levels], list(self.bundle)
        files: list[tuple[Tile, bytes]] = []
        changed = set()
        for size, entry in enumerate(entries, start=self.size + 1):
            bundle.append(entry)
            if size % WIDTH == 0:
                files.append((Tile(level=-1, index=size // WIDTH - 1, width=WIDTH), encode_bundle(bundle)))
                bundle.clear()
            for level, full in _carried(levels, leaf_hash(entry)):
                changed.add(level)
                if full:
                    index = (size >> (8 * (level + 1))) - 1
                    files.append((Tile(level=level, index=index, width=WIDTH), b"".join(full)))
        size = self.size + len(entries)
        if bundle and entries:
            files.append((Tile(level=-1, index=size // WIDTH, width=len(bundle)), encode_bundle(bundle)))
        for level in sorted(changed):
            if hashes := levels[level]:
                tile = Tile(level=level, index=size >> (8 * (level + 1)), width=len(hashes))
                files.append((tile, b"".join(hashes)))
        return files, Edge(size=size, levels=tuple(tuple(each) for each in levels), bundle=tuple(bundle))


def edge_tiles(size: int) -> tuple[Tile, ...]:
    """The last bundle and the tile of each level that is not full; a width of 0 where all are full."""
    if not size:
        return ()
    tiles = [Tile(level=-1, index=size // WIDTH, width=size % WIDTH)]
    level = 0
    while count := size >> (8 * level):
        tiles.append(Tile(level=level, index=count // WIDTH, width=count % WIDTH))
        level += 1
    return tuple(tiles)


def _carried(levels: list[list[bytes]], leaf: bytes) -> list[tuple[int, list[bytes]]]:
    """Put a hash into its level, and for each tile that it fills one into the level above: levels, and full tiles."""
    done: list[tuple[int, list[bytes]]] = []
    level, carried = 0, leaf
    while True:
        if level == len(levels):
            levels.append([])
        levels[level].append(carried)
        if len(levels[level]) < WIDTH:
            return [*done, (level, [])]
        full, levels[level] = levels[level], []
        done.append((level, full))
        level, carried = level + 1, tree_root(full)
