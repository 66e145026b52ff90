"""Audit logs for tests: made with the real code, tampered with by hand."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from fakes.signed import key_file
from twinbuild.codec.auditentry import Entry, encode_entry
from twinbuild.codec.checkpoint import Checkpoint, checkpoint_text
from twinbuild.codec.edge import Edge
from twinbuild.codec.note import encode_note
from twinbuild.codec.tiles import tile_path
from twinbuild.govern.keys import Kind, new_key
from twinbuild.govern.notes import sign_note
from twinbuild.govern.signer import KeySigner
from twinbuild.pipeline.audit.log import add_entries, new_log

__all__ = ["ORIGIN", "Kept", "kept_log", "note_entry", "write_log"]

ORIGIN = "example.com/releases"


def note_entry(number: int, *, time: int | None = None) -> Entry:
    """An entry that is like no other."""
    return Entry(action="note", by="ada", time=number if time is None else time, details=f"number {number}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A log, its key, its entries, and a copy of its checkpoint elsewhere."""

    directory: Path
    key: Path
    signer: KeySigner
    entries: tuple[Entry, ...]
    checkpoint: Path

    def copy(self, directory: Path) -> Path:
        """A copy of the log that a test may tamper with."""
        shutil.copytree(self.directory, directory)
        return directory


def kept_log(place: Path, size: int, *, kind: Kind = "ed25519", steps: tuple[int, ...] = ()) -> Kept:
    """A log of ``size`` entries, appended in steps (sizes after each)."""
    key = new_key(kind)
    path, signer = key_file(place / "key", key), KeySigner(key)
    directory = place / "log"
    new_log(directory, ORIGIN, signer)
    entries = tuple(note_entry(number) for number in range(size))
    start = 0
    for end in (*steps, size):
        add_entries(directory, entries[start:end], signer, wait=5)
        start = end
    kept = place / "kept"
    kept.write_bytes((directory / "checkpoint").read_bytes())
    return Kept(directory=directory, key=path, signer=signer, entries=entries, checkpoint=kept)


def write_log(directory: Path, entries: tuple[bytes | Entry, ...], signer: KeySigner | None) -> None:
    """What somebody writes who makes a log anew, all of it; without a signer the checkpoint stays what it is."""
    for path in list((directory / "tile").rglob("*")):
        if path.is_file():
            path.unlink()
    contents = [each if isinstance(each, bytes) else encode_entry(each) for each in entries]
    files, edge = Edge(size=0, levels=(), bundle=()).grown(contents)
    for tile, content in files:
        path = directory / tile_path(tile)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if signer is not None:
        checkpoint = Checkpoint(origin=ORIGIN, size=edge.size, root=edge.root)
        (directory / "checkpoint").write_bytes(encode_note(sign_note(checkpoint_text(checkpoint), ORIGIN, signer)))
