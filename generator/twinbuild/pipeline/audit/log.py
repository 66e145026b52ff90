"""An audit log on disk: one directory, files that never change once they were written, and ``checkpoint``.

Appending writes the bundle and the tiles that the new tree needs, then puts the signed checkpoint in the old one's
place: until then nothing that was there has changed, so that it may be killed at any moment. What is signed is checked
first: a tree that was tampered with is not gone on from.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from twinbuild.codec.auditentry import Entry, encode_entry, refuse_unfit
from twinbuild.codec.checkpoint import Checkpoint, checkpoint_of, checkpoint_text
from twinbuild.codec.edge import Edge, edge_tiles
from twinbuild.codec.merkle import EMPTY_ROOT
from twinbuild.codec.note import Note, decode_note, encode_note, is_key_name
from twinbuild.codec.tiles import WIDTH, Tile, decode_bundle, decode_tile, tile_path
from twinbuild.errors import EnvironmentFault, IntegrityError, Location, UsageError
from twinbuild.govern.keys import PublicKey
from twinbuild.govern.notes import check_note, sign_note
from twinbuild.govern.signer import Signer
from twinbuild.pipeline.alone import holder_of
from twinbuild.pipeline.regular import Irregular, Missing, read_regular

__all__ = ["CHECKPOINT", "add_entries", "new_log", "read_bytes", "read_checkpoint", "read_tile"]

CHECKPOINT: Final = "checkpoint"
_LOCK: Final = ".lock"
_NEW: Final = ".new"  # what is being written; there is one writer at a time
_PAUSE: Final = 0.01  # seconds between two tries of the lock
_LARGEST: Final = WIDTH * (2 + 0xFFFF)  # bytes of a bundle, the largest file of a log


def new_log(directory: Path, origin: str, signer: Signer) -> Checkpoint:
    """Make an empty log. Raises UsageError TB8630 where something is already, or for an origin that is none."""
    if not (is_key_name(origin) and origin.isprintable()):
        message = f"{origin[:80]!r} is no name of a log: neither white space nor '+' may be in it"
        raise UsageError.of("TB8630", message, hint="name it like an address: example.com/releases", where="--origin")
    _refuse_full(directory)
    _make_directories(directory)
    with _alone(directory, 0):
        _refuse_full(directory)  # another may have made one in the meantime
        empty = Checkpoint(origin=origin, size=0, root=EMPTY_ROOT)
        _sign(directory, empty, signer)
    return empty


def add_entries(
    directory: Path,
    entries: Sequence[Entry],
    signer: Signer,
    *,
    wait: float,
    wanted: Callable[[Sequence[Entry]], Sequence[Entry]] | None = None,
) -> Checkpoint:
    """Append entries, all or none, and return what was signed: theirs are the last indices before its ``size``.

    ``wanted`` says which of them are appended, or what in their place; it is asked while nobody else appends, so that
    it may look at what is there. For none of them the log stays as it is, and what was signed before is returned.

    Raises UsageError TB8630 where no log is, TB8631, EnvironmentFault TB8632 where another writes for more than
    ``wait`` seconds, PolicyRefused TB8634 and TB8635 for a log of another key, and IntegrityError TB8633, TB8641 and
    TB8642 for one that was damaged where it goes on.
    """
    for entry in entries:
        refuse_unfit(entry)
    read_checkpoint(directory)  # before a lock is made where no log is
    with _alone(directory, wait):
        old, note = read_checkpoint(directory)
        check_note(note, signer.public, old.origin, where=str(directory / CHECKPOINT))
        chosen = entries if wanted is None else wanted(entries)
        if not chosen:
            return old
        edge = _edge(directory, old)
        files, edge = edge.grown([encode_entry(entry) for entry in chosen])
        new = Checkpoint(origin=old.origin, size=edge.size, root=edge.root)
        for tile, content in files:
            _forget_unsigned(directory, tile, old.size)
            _put(directory, tile_path(tile), content)
        _sign(directory, new, signer)
        for tile, _ in files:
            if tile.width == WIDTH:
                _forget_partial(directory / f"{tile_path(tile)}.p")
    return new


def read_checkpoint(directory: Path, *, key: PublicKey | None = None) -> tuple[Checkpoint, Note]:
    """What a log says of itself, and its signatures, which were verified if there is a key.

    Raises UsageError TB8630 where no log is, IntegrityError TB8633, PolicyRefused TB8634, TB8635.
    """
    path = directory / CHECKPOINT
    content = read_bytes(path)
    if content is None:
        message = f"{directory} is no audit log: it has no file {CHECKPOINT!r}"
        raise UsageError.of("TB8630", message, hint="name the log's directory; `audit new` makes one", where=str(path))
    note = decode_note(content, name=str(path))
    found = checkpoint_of(note, name=str(path))
    if key is not None:
        check_note(note, key, found.origin, where=str(path))
    return found, note


def read_tile(directory: Path, tile: Tile) -> bytes | None:
    """A tile or bundle, or None; where the full one of its place came since, it is that, which begins with it."""
    content = read_bytes(directory / tile_path(tile))
    return read_bytes(directory / tile_path(tile.full)) if content is None else content


def read_bytes(path: Path, *, follow: bool = False) -> bytes | None:
    """A plain file of a log, or None where there is none; ``follow`` a link that somebody named.

    Raises IntegrityError TB8633 for anything else there.
    """
    try:
        return read_regular(path, _LARGEST, follow=follow)
    except Missing:
        return None
    except Irregular as error:
        raise _odd(path, str(error)) from None


def _refuse_full(directory: Path) -> None:
    if directory.exists() and (not directory.is_dir() or {path.name for path in directory.iterdir()} - {_LOCK, _NEW}):
        message = f"{directory} is there already, and not empty"
        raise UsageError.of("TB8630", message, hint="name a directory of its own", where=str(directory))


def _edge(directory: Path, signed: Checkpoint) -> Edge:
    """What a tree goes on from. Raises IntegrityError TB8641, TB8642 if it is not what was signed."""
    tiles = edge_tiles(signed.size)
    levels = tuple(_hashes(directory, tile) for tile in tiles if tile.level >= 0)
    content = (read_tile(directory, tiles[0]) or b"") if tiles and tiles[0].width else b""
    bundle = decode_bundle(content)[0][: tiles[0].width] if tiles else ()
    edge = Edge(size=signed.size, levels=levels, bundle=bundle)
    if edge.root != signed.root:
        raise _damaged("TB8642", directory, "the tiles at the end of the log do not make the root that was signed")
    if not edge.is_of_its_entries:
        raise _damaged(
            "TB8642", directory, f"the last entries, in {tile_path(tiles[0])}, are not those that were signed"
        )
    return edge


def _hashes(directory: Path, tile: Tile) -> tuple[bytes, ...]:
    if not tile.width:
        return ()
    hashes = decode_tile((read_tile(directory, tile) or b"")[: tile.width * 32])
    if hashes is None or len(hashes) != tile.width:
        raise _damaged("TB8641", directory, f"the tile {tile_path(tile)} is missing, or too short")
    return hashes


def _sign(directory: Path, checkpoint: Checkpoint, signer: Signer) -> None:
    note = sign_note(checkpoint_text(checkpoint), checkpoint.origin, signer)
    _put(directory, CHECKPOINT, encode_note(note))


def _put(directory: Path, name: str, content: bytes) -> None:
    """Give a file its content in one step, and keep it when the power goes."""
    path, new = directory / name, directory / _NEW
    _refuse_links(directory, path)
    _make_directories(path.parent)
    new.unlink(missing_ok=True)  # of one who was killed; whatever else it is, nothing is written into it
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(new, flags, 0o644), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    _sync(path.parent)


def _refuse_links(directory: Path, path: Path) -> None:
    for each in (path.parent, *path.parent.parents):
        if each != directory and each.is_relative_to(directory) and each.is_symlink():
            raise _odd(each, "is a link, and what is written below it would lie elsewhere")


def _make_directories(wanted: Path) -> None:
    """Have a directory, and keep it when the power goes."""
    if not wanted.is_dir():
        _make_directories(wanted.parent)
        wanted.mkdir(exist_ok=True)
        _sync(wanted.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _forget_unsigned(directory: Path, tile: Tile, size: int) -> None:
    """Take away what a killed append left where a partial tile goes: once the log is longer it would contradict it."""
    if tile.width == WIDTH:
        return
    _refuse_links(directory, directory / tile_path(tile))
    known = (size >> (8 * max(tile.level, 0))) - tile.index * WIDTH
    for path in _listed((directory / tile_path(tile)).parent):
        if path.name.isascii() and path.name.isdigit() and int(path.name) > known:
            path.unlink()


def _listed(directory: Path) -> list[Path]:
    return list(directory.iterdir()) if directory.is_dir() and not directory.is_symlink() else []


def _forget_partial(directory: Path) -> None:
    """Take away narrower tiles where the full one lies now; what cannot go stays, for the entry is in the log."""
    with contextlib.suppress(OSError):
        for path in _listed(directory):
            path.unlink()
        directory.rmdir()


@contextmanager
def _alone(directory: Path, wait: float) -> Iterator[None]:
    """Nobody else appends in the body; the kernel lets go of the lock however the process ends."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    descriptor = os.open(directory / _LOCK, flags, 0o644)
    try:
        end = time.monotonic() + wait
        while not _locked(descriptor):
            if time.monotonic() >= end:
                raise EnvironmentFault.of(
                    "TB8632",
                    f"{holder_of(descriptor)} holds the lock of {directory} (waited {wait:.0f} s)",
                    hint="try again when that one has ended",
                    where=str(directory),
                )
            time.sleep(_PAUSE)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _odd(path: Path, why: str) -> IntegrityError:
    hint = "take the log from a copy that is whole"
    return IntegrityError.of("TB8633", f"{path} {why}", hint=hint, where=Location(file=str(path)))


def _damaged(code: str, directory: Path, why: str) -> IntegrityError:
    hint = "run `twinbuild audit verify`, which says what happened; nothing was appended"
    return IntegrityError.of(code, f"{directory}: {why}", hint=hint, where=str(directory))
