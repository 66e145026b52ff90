"""An audit log read back: its entries, and whether they are those that were signed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from twinbuild.codec.amounts import counted
from twinbuild.codec.auditentry import Entry, decode_entry
from twinbuild.codec.checkpoint import Checkpoint, checkpoint_of
from twinbuild.codec.merkle import leaf_hash
from twinbuild.codec.note import Note, decode_note
from twinbuild.codec.tiles import (
    WIDTH,
    Tile,
    decode_bundle,
    decode_tile,
    levels_of,
    tile_of,
    tile_path,
    tiles_of,
    tiles_of_level,
)
from twinbuild.errors import IntegrityError, UsageError
from twinbuild.govern.auditcheck import check_entries, check_kept, check_tile
from twinbuild.govern.keys import PublicKey
from twinbuild.govern.notes import check_note
from twinbuild.pipeline.audit.log import CHECKPOINT, read_bytes, read_checkpoint, read_tile

__all__ = ["Verified", "kept_checkpoint", "last_entry", "read_entries", "read_leaves", "verify_log"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was verified: ``entries`` are what was hashed, ``kept`` counts checkpoints kept elsewhere.

    ``beyond`` are files of an append that did not end, or is happening; ``back`` are indices of entries whose time is
    before that of the entry before them.
    """

    checkpoint: Checkpoint
    entries: tuple[Entry, ...]
    kept: int
    beyond: tuple[str, ...]
    back: tuple[int, ...]


def read_entries(directory: Path) -> tuple[Checkpoint, Note, tuple[Entry, ...]]:
    """A log's checkpoint and entries, which are not verified.

    Raises UsageError TB8630, IntegrityError TB8633, TB8640, TB8644.
    """
    checkpoint, note = read_checkpoint(directory)
    entries = tuple(_decoded(directory, checkpoint.size))
    if len(entries) != checkpoint.size:
        raise IntegrityError.of(
            "TB8640",
            f"{directory} was cut off: its checkpoint counts {checkpoint.size} entries, and {len(entries)} are there",
            hint="run `twinbuild audit verify`, which says what happened",
            where=str(directory),
        )
    return checkpoint, note, entries


def last_entry(directory: Path) -> Entry | None:
    """The last entry, which is not verified; None in an empty log. Raises as ``read_entries``."""
    checkpoint, _ = read_checkpoint(directory)
    if not checkpoint.size:
        return None
    index = (checkpoint.size - 1) // WIDTH
    width = checkpoint.size - index * WIDTH
    found = decode_bundle(read_tile(directory, Tile(level=-1, index=index, width=width)) or b"")[0]
    return _entry(directory, checkpoint.size - 1, found[width - 1]) if len(found) >= width else None


def read_leaves(directory: Path, size: int) -> list[bytes]:
    """The hashes of leaves that lie in the tiles of level 0, up to the first that is not whole."""
    found: list[bytes] = []
    for tile in tiles_of_level(0, size):
        hashes = (decode_tile(read_tile(directory, tile) or b"") or ())[: tile.width]
        found += hashes
        if len(hashes) < tile.width:
            break
    return found


def kept_checkpoint(path: Path, key: PublicKey) -> Checkpoint:
    """A checkpoint that was kept elsewhere, verified.

    Raises UsageError TB8630, IntegrityError TB8633, PolicyRefused TB8634, TB8635.
    """
    content = read_bytes(path, follow=True)
    if content is None:
        hint = f"name the copy of {CHECKPOINT!r} that you kept outside of the log"
        raise UsageError.of("TB8630", f"{path} does not exist", hint=hint, where="--checkpoint")
    note = decode_note(content, name=str(path))
    found = checkpoint_of(note, name=str(path))
    check_note(note, key, found.origin, where=str(path))
    return found


def verify_log(directory: Path, key: PublicKey, kept: tuple[Path, ...]) -> Verified:
    """Verify a log: signature, every entry, every tile, and that it goes on from each checkpoint kept elsewhere.

    Raises UsageError TB8630, IntegrityError TB8633 and TB8636 to TB8644, PolicyRefused TB8634 and TB8635.
    """
    signed, _ = read_checkpoint(directory, key=key)
    older = [(str(path), kept_checkpoint(path, key)) for path in kept]
    where = str(directory)
    contents: list[bytes] = []
    broken: int | None = None
    for bundle, whole in _bundles(directory, signed.size):
        contents += bundle
        broken = len(contents) if not whole and broken is None else broken
    leaves = [leaf_hash(content) for content in contents]
    if broken is not None:
        raise IntegrityError.of(
            "TB8644",
            f"{where}: the bytes after {counted(broken, 'entry', 'entries')} are no entries",
            hint="keep what lies there for whoever looks into it, and take the log from a copy that is whole",
            where=where,
        )
    if max((each.size for _, each in older), default=0) > signed.size:  # cut off, whatever else may be wrong
        check_kept(signed, leaves[: signed.size], older, where=where)
    check_entries(signed, leaves, read_leaves(directory, signed.size), where=where)
    beyond = _check_tiles(directory, leaves)
    check_kept(signed, leaves, older, where=where)
    # What was hashed is what is told: read again, it might be something else by now.
    entries = tuple(_entry(directory, index, content) for index, content in enumerate(contents))
    back = tuple(index + 1 for index, (first, then) in enumerate(pairwise(entries)) if then.time < first.time)
    return Verified(checkpoint=signed, entries=entries, kept=len(older), beyond=beyond, back=back)


def _decoded(directory: Path, size: int) -> Iterator[Entry]:
    index = 0
    for bundle, _ in _bundles(directory, size):
        for content in bundle:
            yield _entry(directory, index, content)
            index += 1


def _entry(directory: Path, index: int, content: bytes) -> Entry:
    return decode_entry(content, where=f"entry {index} of {directory}")


def _bundles(directory: Path, size: int) -> Iterator[tuple[tuple[bytes, ...], bool]]:
    """The entries of each bundle that is there, and whether its bytes are entries alone.

    What lies there is gone through, and not what ``size`` counts: somebody states that, and it may be anything.
    """
    places = {tile.index for _, tile in _named(directory, "tile/entries") if tile is not None and tile.level < 0}
    for index in sorted(index for index in places if index * WIDTH < size):
        tile = Tile(level=-1, index=index, width=min(WIDTH, size - index * WIDTH))
        content = read_bytes(directory / tile_path(tile))
        if content is not None:
            yield decode_bundle(content)
            continue
        grown = read_tile(directory, tile)  # it became full since the checkpoint was read
        yield decode_bundle(grown or b"")[0][: tile.width], True


def _check_tiles(directory: Path, leaves: list[bytes]) -> tuple[str, ...]:
    """Hold every tile and bundle that lies there against the entries; those beyond the last entry."""
    levels = levels_of(leaves)
    there = {tile: path for path, tile in _files(directory)}
    for tile in tiles_of(len(leaves)):
        content = read_tile(directory, tile)
        if content is not None and tile not in there and tile.level >= 0:  # the full one serves, which begins with it
            check_tile(tile, content[: tile.width * 32], levels, where=str(directory))
        if content is None:
            raise IntegrityError.of(
                "TB8641",
                f"{directory}: the tile {tile_path(tile)} is missing (of entry {tile.start} and after)",
                hint="take the log from a copy that is whole",
                where=str(directory / tile_path(tile)),
            )
    beyond = []
    for tile in sorted(there):
        content = read_bytes(directory / there[tile])
        if content is None:  # an append took it away, for it is full now
            continue
        if tile.level < 0:
            is_known = _check_bundle(directory, tile, content, leaves)
        else:
            is_known = check_tile(tile, content, levels, where=str(directory))
        if not is_known:
            beyond.append(there[tile])
    return tuple(beyond)


def _check_bundle(directory: Path, tile: Tile, content: bytes, leaves: list[bytes]) -> bool:
    """Like ``check_tile``, for a bundle, narrower ones of the past included."""
    known = leaves[tile.start : tile.start + tile.width]
    if len(known) < tile.width:
        return False
    found = [leaf_hash(entry) for entry in decode_bundle(content)[0]]
    if found == known and decode_bundle(content)[1]:
        return True
    pairs = enumerate(zip(found, known, strict=False))
    first = next((index for index, (new, old) in pairs if new != old), min(len(found), len(known)))
    raise IntegrityError.of(
        "TB8641",
        f"{directory}: the bundle {tile_path(tile)} is not that of the log, from entry {tile.start + first} on",
        hint="keep what lies there for whoever looks into it, and take the log from a copy that is whole",
        where=str(directory / tile_path(tile)),
    )


def _files(directory: Path) -> Iterator[tuple[str, Tile]]:
    """Every file that has the name of a tile. Raises IntegrityError TB8641 for others below ``tile/``, and links."""
    for path, tile in _named(directory):
        if tile is None:
            raise IntegrityError.of(
                "TB8641",
                f"{directory}: {path} is no tile and no bundle of a log",
                hint="find out who put it there, and move it away",
                where=path,
            )
        yield path, tile


def _named(directory: Path, below: str = "tile") -> Iterator[tuple[str, Tile | None]]:
    """Files below a place of a log, and links to directories, which are not gone into; None for what is no tile."""
    top = directory / below
    if any(each.is_symlink() for each in (directory / "tile", top)):
        yield below, None
        return
    for place, directories, names in os.walk(top):
        links = {name for name in directories if (Path(place) / name).is_symlink()}
        for name in sorted([*names, *links]):
            path = (Path(place) / name).relative_to(directory).as_posix()
            yield path, None if name in links else tile_of(path)
