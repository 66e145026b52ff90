"""Signed notes: a text, and who signed it (C2SP signed-note). Reading is strict; what was read is not yet believed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.codec.standard64 import decode_base64, encode_base64
from twinbuild.errors import IntegrityError, Location

__all__ = ["Note", "NoteSignature", "decode_note", "encode_note", "is_key_name"]

_LARGEST: Final = 1 << 20  # bytes of a note
_MOST: Final = 100  # signatures of a note
_MARK: Final = "\u2014 "
# Neither white space nor plus (signed-note), nor what steers a terminal or turns its lines round. It is written down,
# for what Unicode calls printable grows, and a later version must read what an earlier one wrote.
_TURNS: Final = r"\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
_NAME: Final = re.compile(rf"[^\s+\x00-\x1f\x7f-\x9f{_TURNS}]{{1,200}}")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSignature:
    """A key's name, the four bytes of its id, and the plain signature of the text."""

    name: str
    keyid: bytes
    sig: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """``text`` ends with a newline; it is what was signed."""

    text: str
    signatures: tuple[NoteSignature, ...]


def is_key_name(text: str) -> bool:
    """Whether a text may be the name of a key: at most 200 characters, neither white space nor a plus sign."""
    return _NAME.fullmatch(text) is not None


def encode_note(note: Note) -> bytes:
    """The note's bytes. ``decode_note`` gives the same value back."""
    lines = [f"{_MARK}{each.name} {encode_base64(each.keyid + each.sig)}\n" for each in note.signatures]
    return f"{note.text}\n{''.join(lines)}".encode()


def decode_note(content: bytes, *, name: str) -> Note:
    """The note of a file. Raises IntegrityError TB8633 for anything else."""
    if len(content) > _LARGEST:
        raise _refused(name, f"it has {counted(len(content), 'byte')}, expected at most {_LARGEST}")
    try:
        whole = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refused(name, f"it is not UTF-8 at byte {error.start}") from None
    if _CONTROL.search(whole):
        raise _refused(name, "it has control characters")
    text, blank, rest = whole.rpartition("\n\n")
    if not blank or not rest.endswith("\n"):
        raise _refused(name, "expected a text, an empty line, and lines of signatures")
    lines = rest.removesuffix("\n").split("\n")
    if len(lines) > _MOST:
        raise _refused(name, f"it has {len(lines)} signatures, expected at most {_MOST}")
    return Note(text=f"{text}\n", signatures=tuple(_signature(line, name) for line in lines))


def _signature(line: str, name: str) -> NoteSignature:
    key, _, encoded = line.removeprefix(_MARK).partition(" ")
    content = decode_base64(encoded)
    if not line.startswith(_MARK) or not is_key_name(key) or content is None or len(content) <= 4:
        raise _refused(name, f"expected '\u2014 NAME BASE64' after the empty line, got {line[:80]!r}")
    return NoteSignature(name=key, keyid=content[:4], sig=content[4:])


def _refused(name: str, why: str) -> IntegrityError:
    return IntegrityError.of(
        "TB8633",
        f"{name} is no signed checkpoint: {why}",
        hint="take the log, or the checkpoint that you kept, from a copy that is whole",
        where=Location(file=name),
    )
