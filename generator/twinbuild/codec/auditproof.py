"""Proofs as files: that an entry is in a log, and that a log goes on from an older state of it.

The first is C2SP's tlog-proof, with the entry itself as the extra data: it is believed for its hash alone, which the
proof is about. The second is what C2SP's tlog-witness asks for. Both end with the log's checkpoint as it was signed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.codec.checkpoint import Checkpoint, checkpoint_of
from twinbuild.codec.merkle import is_consistent, is_included, leaf_hash
from twinbuild.codec.note import Note, decode_note, encode_note
from twinbuild.codec.standard64 import decode_base64, encode_base64
from twinbuild.errors import IntegrityError, Location

__all__ = ["Consistency", "Inclusion", "decode_proof", "encode_proof"]

_HEADER: Final = "c2sp.org/tlog-proof@v1"
_LARGEST: Final = 2 << 20  # bytes of a proof: an entry, hashes, a checkpoint
_MOST: Final = 64  # hashes of a proof
_NUMBER: Final = re.compile(r"(index|old) (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """The entry ``entry`` is at ``index`` of the log of this checkpoint."""

    entry: bytes
    index: int
    hashes: tuple[bytes, ...]
    note: Note

    def holds(self, checkpoint: Checkpoint) -> bool:
        """Whether it is proven."""
        return is_included(leaf_hash(self.entry), self.index, checkpoint.size, self.hashes, checkpoint.root)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """The log of this checkpoint begins with the ``older`` entries that it once had."""

    older: int
    hashes: tuple[bytes, ...]
    note: Note

    def holds(self, checkpoint: Checkpoint, old: Checkpoint) -> bool:
        """Whether it is proven of the older checkpoint."""
        same = (self.older, checkpoint.origin) == (old.size, old.origin)
        return same and is_consistent(old.size, old.root, checkpoint.size, checkpoint.root, self.hashes)


def encode_proof(proof: Inclusion | Consistency) -> bytes:
    """The proof's file. ``decode_proof`` gives the same value back."""
    if isinstance(proof, Inclusion):
        lines = [_HEADER, f"extra {encode_base64(proof.entry)}", f"index {proof.index}"]
    else:
        lines = [f"old {proof.older}"]
    lines += (encode_base64(each) for each in proof.hashes)
    return "\n".join([*lines, "\n"]).encode() + encode_note(proof.note)


def decode_proof(content: bytes, *, name: str) -> tuple[Inclusion | Consistency, Checkpoint]:
    """A proof and the checkpoint in it; neither is verified. Raises IntegrityError TB8645, TB8633."""
    head, blank, rest = content.partition(b"\n\n")
    if len(content) > _LARGEST or not blank:
        raise _refused(name, f"it has {counted(len(content), 'byte')} and no empty line, or more than {_LARGEST} bytes")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise _refused(name, "it is not ASCII before the empty line") from None
    is_inclusion = lines[0] == _HEADER
    extra = lines.pop(1) if is_inclusion and len(lines) > 2 else ""
    number = _NUMBER.fullmatch(lines[1] if is_inclusion and len(lines) > 1 else lines[0])
    if number is None or (number[1] == "index") is not is_inclusion:
        raise _refused(name, f"expected {_HEADER!r}, 'extra ENTRY' and 'index NUMBER', or 'old NUMBER'")
    hashes = _hashes(lines[2:] if is_inclusion else lines[1:], name)
    entry = decode_base64(extra.removeprefix("extra ")) if is_inclusion else b""
    if entry is None or is_inclusion is not extra.startswith("extra "):
        raise _refused(name, "expected the entry in its second line: 'extra BASE64'")
    note = decode_note(rest, name=name)
    checkpoint = checkpoint_of(note, name=name)
    if not is_inclusion:
        return Consistency(older=int(number[2]), hashes=hashes, note=note), checkpoint
    return Inclusion(entry=entry, index=int(number[2]), hashes=hashes, note=note), checkpoint


def _hashes(lines: list[str], name: str) -> tuple[bytes, ...]:
    hashes = tuple(decode_base64(line) or b"" for line in lines)
    if len(hashes) > _MOST or not all(len(each) == 32 for each in hashes):
        raise _refused(name, f"expected at most {_MOST} lines with a hash of 32 bytes in base64")
    return hashes


def _refused(name: str, why: str) -> IntegrityError:
    hint = "take the proof from where it was made again: `twinbuild audit prove`"
    return IntegrityError.of("TB8645", f"{name} is no proof of a log: {why}", hint=hint, where=Location(file=name))
