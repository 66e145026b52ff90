"""The right edge of a tree: growing by any steps gives the root and the files of the whole tree."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinbuild.codec.edge import Edge, edge_tiles
from twinbuild.codec.merkle import leaf_hash, tree_root
from twinbuild.codec.tiles import Tile, encode_bundle, levels_of, tiles_of

NOTHING = Edge(size=0, levels=(), bundle=())


@settings(deadline=None, max_examples=40)
@given(st.lists(st.one_of(st.integers(0, 3), st.integers(250, 260), st.integers(0, 600)), max_size=6))
def test_growth(steps: list[int]) -> None:
    """tlog-tiles: after every step each tile of the tree was written, with its hashes, and the root is the tree's."""
    edge, entries = NOTHING, list[bytes]()
    written: dict[Tile, bytes] = {}
    for step in steps:
        more = [f"entry {len(entries) + index}".encode() for index in range(step)]
        files, edge = edge.grown(more)
        entries += more
        for tile, content in files:
            assert written.get(tile, content) == content  # what is there never changes
            written[tile] = content
        leaves = [leaf_hash(entry) for entry in entries]
        levels = levels_of(leaves)
        assert (edge.size, edge.root, edge.is_of_its_entries) == (len(entries), tree_root(leaves), True)
        for tile in tiles_of(len(entries)):
            start = tile.index * 256
            if tile.level < 0:
                assert written[tile] == encode_bundle(entries[start : start + tile.width])
            else:
                assert written[tile] == b"".join(levels[tile.level][start : start + tile.width])


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535, 65_536, 65_537])
def test_tiles(size: int) -> None:
    """The tiles of an edge are those of the tree that are not full."""
    assert [tile for tile in edge_tiles(size) if tile.width] == [tile for tile in tiles_of(size) if tile.width < 256]


def test_a_whole_tile_of_tiles() -> None:
    """65,537 entries: a full tile of level 1, and the first hash of level 2."""
    files, edge = NOTHING.grown([b"%d" % index for index in range(65_537)])
    assert edge.root == tree_root([leaf_hash(b"%d" % index) for index in range(65_537)])
    assert [len(level) for level in edge.levels] == [1, 0, 1]
    assert {tile for tile, _ in files} == set(tiles_of(65_537))


def test_other_entries() -> None:
    """Entries that are not those of the tile are noticed."""
    _, edge = NOTHING.grown([b"a", b"b"])
    assert not Edge(size=2, levels=edge.levels, bundle=(b"a", b"c")).is_of_its_entries
    assert not Edge(size=2, levels=edge.levels, bundle=(b"a",)).is_of_its_entries
