"""Tiles: names and numbers as the specification's own examples have them; bundles come back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinbuild.codec.merkle import leaf_hash, tree_root
from twinbuild.codec.tiles import (
    WIDTH,
    Tile,
    decode_bundle,
    decode_tile,
    encode_bundle,
    levels_of,
    tile_of,
    tile_path,
    tiles_of,
)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(level=0, index=1234067, width=256), "tile/0/x001/x234/067"),
        (Tile(level=-1, index=0, width=256), "tile/entries/000"),
        (Tile(level=-1, index=1000, width=3), "tile/entries/x001/000.p/3"),
        (Tile(level=63, index=7, width=255), "tile/63/007.p/255"),
    ],
)
def test_names(tile: Tile, path: str) -> None:
    """tlog-tiles, "Merkle Tree": three digits each, all but the last with an x; a width where it is partial."""
    assert tile_path(tile) == path
    assert tile_of(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/0/x000/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/300",
        "tile/0/000.p/01",
        "tile/-1/000",
        "tile/0/001/000",
        "tile/0/000/",
        "checkpoint",
        "tile/0/\u0660\u0660\u0660",
    ],
)
def test_no_names(path: str) -> None:
    """One spelling for each tile, and nothing else."""
    assert tile_of(path) is None


def test_the_tiles_of_a_size() -> None:
    """tlog-tiles, "Partial Tiles": 70,000 entries are 273 full tiles and one of 112, one and one of 17, one of 1."""
    tiles = [tile for tile in tiles_of(70_000) if tile.level >= 0]
    assert sum(tile.level == 0 and tile.width == WIDTH for tile in tiles) == 273
    rest = [tile for tile in tiles if tile.level or tile.width < WIDTH]
    assert [(tile.level, tile.index, tile.width) for tile in rest] == [
        (0, 273, 112),
        (1, 0, 256),
        (1, 1, 17),
        (2, 0, 1),
    ]
    assert [(tile.level, tile.width) for tile in tiles_of(256)] == [(-1, 256), (0, 256), (1, 1)]
    assert list(tiles_of(0)) == []


def test_levels() -> None:
    """Above the leaves the roots of full tiles alone."""
    leaves = [leaf_hash(bytes([index % 256, index // 256])) for index in range(600)]
    levels = levels_of(leaves)
    assert [len(level) for level in levels] == [600, 2]
    assert levels[1] == (tree_root(leaves[:256]), tree_root(leaves[256:512]))


@given(st.lists(st.binary(max_size=300), max_size=20), st.binary(min_size=1, max_size=1))
def test_bundles(entries: list[bytes], more: bytes) -> None:
    """Entries come back; one byte more or less is noticed."""
    content = encode_bundle(entries)
    assert decode_bundle(content) == (tuple(entries), True)
    assert decode_bundle(content + more) == (tuple(entries), False)
    if entries and len(entries[-1]) > 0:
        assert decode_bundle(content[:-1]) == (tuple(entries[:-1]), False)


def test_hashes() -> None:
    """A tile is made of whole hashes."""
    assert decode_tile(bytes(64)) == (bytes(32), bytes(32))
    assert decode_tile(bytes(63)) is None
