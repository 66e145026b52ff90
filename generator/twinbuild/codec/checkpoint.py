"""Checkpoints: how large a log is and what its root is, as the text of a signed note (C2SP tlog-checkpoint)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.note import Note
from twinbuild.codec.standard64 import decode_base64, encode_base64
from twinbuild.errors import IntegrityError, Location

__all__ = ["Checkpoint", "checkpoint_of", "checkpoint_text"]

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Of which log, how many entries it has, and the root of their tree (32 bytes)."""

    origin: str
    size: int
    root: bytes


def checkpoint_text(checkpoint: Checkpoint) -> str:
    """What is signed: three lines."""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{encode_base64(checkpoint.root)}\n"


def checkpoint_of(note: Note, *, name: str) -> Checkpoint:
    """The checkpoint that a note is of; further lines are left aside. Raises IntegrityError TB8633."""
    lines = note.text.removesuffix("\n").split("\n")
    root = decode_base64(lines[2]) if len(lines) >= 3 else None
    if root is None or len(root) != 32 or not all(lines) or not _SIZE.fullmatch(lines[1]):
        raise IntegrityError.of(
            "TB8633",
            f"{name} is no checkpoint: expected the lines origin, number of entries and root hash",
            hint="take the log, or the checkpoint that you kept, from a copy that is whole",
            where=Location(file=name),
        )
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root)
