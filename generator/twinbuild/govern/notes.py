"""Who signed a note: ids of keys, signing and verifying (C2SP signed-note, its types 0x01 and 0x02)."""

from __future__ import annotations

import hashlib
from typing import Final

from twinbuild.codec.note import Note, NoteSignature
from twinbuild.codec.standard64 import encode_base64
from twinbuild.errors import Location, PolicyRefused
from twinbuild.govern.keys import PublicKey
from twinbuild.govern.signer import Signer

__all__ = ["check_note", "note_keyid", "sign_note", "verifier_key"]

_TYPES: Final = {"ed25519": b"\x01", "ecdsa": b"\x02"}


def note_keyid(key: PublicKey, name: str) -> bytes:
    """Four bytes: for Ed25519 of name, type and key, for ECDSA of the key alone, as the specification has both."""
    described = f"{name}\n".encode() + _TYPES[key.kind] + key.encoded if key.kind == "ed25519" else key.encoded
    return hashlib.sha256(described).digest()[:4]


def verifier_key(key: PublicKey, name: str) -> str:
    """The key as other tools of signed notes take it: NAME+ID+BASE64."""
    return f"{name}+{note_keyid(key, name).hex()}+{encode_base64(_TYPES[key.kind] + key.encoded)}"


def sign_note(text: str, name: str, signer: Signer) -> Note:
    """A note with the one signature of a key that has this name in it. Raises as the signer does."""
    signature = signer.sign(text.encode())
    keyid = note_keyid(signer.public, name)
    return Note(text=text, signatures=(NoteSignature(name=name, keyid=keyid, sig=signature),))


def check_note(note: Note, key: PublicKey, name: str, *, where: str) -> None:
    """Let a note pass that the key signed under this name; other signatures count for nothing.

    Raises PolicyRefused TB8634 where it did not, TB8635 for a signature that bears its id and is not by it.
    """
    keyid = note_keyid(key, name)
    mine = [each.sig for each in note.signatures if (each.name, each.keyid) == (name, keyid)]
    if not mine:
        by = ", ".join(f"{each.name}+{each.keyid.hex()}" for each in note.signatures)
        raise PolicyRefused.of(
            "TB8634",
            f"{where} is signed by {by[:200]}, not by the given key {name}+{keyid.hex()}",
            hint="give the public key of whom you trust to keep this log",
            where=Location(file=where),
        )
    if not all(key.verifies(note.text.encode(), sig) for sig in mine):
        raise PolicyRefused.of(
            "TB8635",
            f"a signature of {where} bears the id of the given key {name}+{keyid.hex()}, and is not by this key, or of "
            "another text",
            hint="do not rely on it: somebody changed it; take it from where it was written",
            where=Location(file=where),
        )
