"""Who signed a note: keys, ids and signatures as other implementations published them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.notes import GO_NOTE, GO_TEXT, GO_VERIFIER, REKOR_NOTE, REKOR_VERIFIER, go_key, verifier
from twinbuild.codec.note import NoteSignature, decode_note, encode_note
from twinbuild.errors import PolicyRefused
from twinbuild.govern.keys import Kind, new_key
from twinbuild.govern.notes import check_note, note_keyid, sign_note, verifier_key
from twinbuild.govern.signer import KeySigner


@pytest.mark.parametrize(("content", "described"), [(GO_NOTE, GO_VERIFIER), (REKOR_NOTE, REKOR_VERIFIER)])
def test_notes_of_others(content: bytes, described: str) -> None:
    """Go's (Ed25519) and a public log's (ECDSA) verify under their keys, whose ids and descriptions are ours."""
    name, key = verifier(described)
    check_note(decode_note(content, name="n"), key, name, where="n")
    assert note_keyid(key, name).hex() == described.split("+")[1]
    assert verifier_key(key, name) == described


def test_our_signature_is_gos() -> None:
    """Ed25519 is deterministic: the same key signs the same text byte for byte as Go does."""
    assert encode_note(sign_note(GO_TEXT, "PeterNeumann", KeySigner(go_key()))) == GO_NOTE


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_others_count_for_nothing(kind: Kind) -> None:
    """A note signed by others besides passes; by others alone, or by the key under another name, it does not."""
    ours, theirs = KeySigner(new_key(kind)), KeySigner(new_key("ecdsa"))
    note = sign_note("text\n", "log", ours)
    others = sign_note("text\n", "log", theirs)
    check_note(replace(note, signatures=(*others.signatures, *note.signatures)), ours.public, "log", where="n")
    for wrong in (others, sign_note("text\n", "other", ours)):
        with pytest.raises(PolicyRefused) as caught:
            check_note(wrong, ours.public, "log", where="n")
        assert caught.value.findings[0].code == "TB8634"


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_forged(kind: Kind) -> None:
    """Another text, another signature under the id: refused, even where a good one stands beside it."""
    signer = KeySigner(new_key(kind))
    note = sign_note("text\n", "log", signer)
    (good,) = note.signatures
    bad = NoteSignature(name="log", keyid=good.keyid, sig=good.sig[:-1] + bytes([good.sig[-1] ^ 1]))
    for wrong in (
        replace(note, text="Text\n"),
        replace(note, signatures=(bad,)),
        replace(note, signatures=(good, bad)),
    ):
        with pytest.raises(PolicyRefused) as caught:
            check_note(wrong, signer.public, "log", where="n")
        assert caught.value.findings[0].code == "TB8635"
