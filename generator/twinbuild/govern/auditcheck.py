"""What happened to a log: its entries as they are held against the tree that was signed, and against older checkpoints.

``leaves`` are hashes of the entries that lie there. Which tree was signed is known by its root alone; where the hashes
in the tiles have this root, they say which entry is another one, and what became of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.codec.checkpoint import Checkpoint
from twinbuild.codec.merkle import tree_root
from twinbuild.codec.standard64 import encode_base64
from twinbuild.codec.tiles import WIDTH, Tile, tile_path
from twinbuild.errors import IntegrityError

__all__ = ["check_entries", "check_kept", "check_tile"]

_COPY: Final = "keep what lies there for whoever looks into it, and take the log from a copy that is whole"
_TALK: Final = "keep both checkpoints: they prove it; ask who keeps the log, and trust neither until you know"


def check_entries(signed: Checkpoint, leaves: Sequence[bytes], tiles: Sequence[bytes], *, where: str) -> None:
    """Let entries pass that are those of the signed checkpoint. ``tiles`` are the hashes that lie in level 0.

    Raises IntegrityError TB8636 to TB8640 for what was done to which entry, TB8642 where that cannot be told.
    """
    if len(leaves) == signed.size and tree_root(leaves) == signed.root:
        return
    if len(tiles) != signed.size or tree_root(tiles) != signed.root:
        pairs = zip(leaves, tiles, strict=False)
        first = next((index for index, (is_there, was) in enumerate(pairs) if is_there != was), None)
        there, was = (counted(count, "entry", "entries") for count in (len(leaves), signed.size))
        told = "" if first is None else f"; entries and tiles differ first at entry {first}"
        raise _error(
            "TB8642",
            f"{there} and the tiles of {where} are not those of its checkpoint ({was}, "
            f"root {encode_base64(signed.root)}): both were changed, so that nobody can tell what was there{told}",
            where,
        )
    code, what = _happened(tiles, leaves)
    raise _error(code, f"{where}: {what}", where)


def check_tile(tile: Tile, content: bytes, levels: Sequence[Sequence[bytes]], *, where: str) -> bool:
    """Let a tile pass that is of the entries' tree, which is given by levels; False if it is beyond the last entry.

    Raises IntegrityError TB8641 for one that is not.
    """
    start = tile.index * WIDTH
    known = levels[tile.level][start : start + tile.width] if tile.level < len(levels) else ()
    if len(known) < tile.width:
        return False
    expected = b"".join(known)
    if content == expected:
        return True
    same = next((each for each in range(tile.width) if content[each * 32 : each * 32 + 32] != known[each]), tile.width)
    entry = tile.start + same * tile.span
    raise _error(
        "TB8641",
        f"{where}: the tile {tile_path(tile)} was rewritten, from hash {same} on (of entry {entry} and after); "
        f"it has {counted(len(content), 'byte')}, expected {len(expected)}",
        where,
    )


def check_kept(
    signed: Checkpoint, leaves: Sequence[bytes], kept: Sequence[tuple[str, Checkpoint]], *, where: str
) -> None:
    """Let entries pass that begin with those of every checkpoint kept elsewhere (its file, and what it says).

    Raises IntegrityError TB8640 for a log that was cut off since then, TB8643 for one that goes on from another past.
    """
    agreed = 0
    for file, old in sorted(kept, key=lambda each: each[1].size):
        if old.origin != signed.origin:
            raise _error(
                "TB8643",
                f"{file} is a checkpoint of the log {old.origin!r}, and {where} is the log {signed.origin!r}",
                where,
                hint="give a checkpoint of this log",
            )
        if old.size > len(leaves):
            raise _error(
                "TB8640",
                f"{where} was cut off: it ends before entry {len(leaves)}, and had {old.size} entries at {file}; "
                f"those from {len(leaves)} to {old.size - 1} are gone",
                where,
            )
        if tree_root(leaves[: old.size]) != old.root:
            at = f"at one of the entries {agreed} to {old.size - 1}" if old.size - agreed > 1 else f"at entry {agreed}"
            raise _error(
                "TB8643",
                f"{where} is a fork, signed by the same key: it differs from the log that had {old.size} entries at "
                f"{file}, first {at}",
                where,
                hint=_TALK,
            )
        agreed = old.size


def _happened(was: Sequence[bytes], found: Sequence[bytes]) -> tuple[str, str]:
    """The code and a sentence for the first entry that is not as it was."""
    pairs = zip(was, found, strict=False)
    first = next((index for index, (old, new) in enumerate(pairs) if old != new), min(len(was), len(found)))
    before, now = Counter(was), Counter(found)
    if first == len(found):
        return "TB8640", f"it was cut off: the entries from {first} to {len(was) - 1} are gone"
    if before == now:
        return "TB8637", f"the order was changed at entry {first}, which lies at {_at(found, was[first], first)} now"
    if not now - before:
        gone = next(iter((before - now).elements()))
        return (
            "TB8639",
            f"entry {was.index(gone)} was taken out; {len(was)} entries were signed, {len(found)} are there",
        )
    if found[first] in before:
        copied = was.index(found[first])
        return "TB8638", f"at entry {first} lies a copy of entry {copied}"
    if len(found) > len(was):
        return "TB8638", f"at entry {first} lies one that was added; {len(was)} were signed, {len(found)} are there"
    return "TB8636", f"entry {first} was changed"


def _at(found: Sequence[bytes], leaf: bytes, after: int) -> int:
    return next(index for index, each in enumerate(found) if each == leaf and index >= after)


def _error(code: str, message: str, where: str, *, hint: str = _COPY) -> IntegrityError:
    return IntegrityError.of(code, message, hint=hint, where=where)
