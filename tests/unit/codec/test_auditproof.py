"""Proofs as files: they come back, hold for what they prove, and for nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from twinbuild.codec.auditproof import Consistency, Inclusion, decode_proof, encode_proof
from twinbuild.codec.checkpoint import Checkpoint, checkpoint_text
from twinbuild.codec.merkle import consistency_proof, inclusion_proof, leaf_hash, tree_root
from twinbuild.codec.note import Note, NoteSignature
from twinbuild.errors import IntegrityError

ENTRIES = [b"entry %d" % index for index in range(11)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
NOW = Checkpoint(origin="example.com/log", size=11, root=tree_root(LEAVES))
OLD = Checkpoint(origin="example.com/log", size=6, root=tree_root(LEAVES[:6]))
NOTE = Note(text=checkpoint_text(NOW), signatures=(NoteSignature(name="example.com/log", keyid=b"1234", sig=b"5678"),))
INCLUSION = Inclusion(entry=ENTRIES[4], index=4, hashes=inclusion_proof(LEAVES, 4), note=NOTE)
CONSISTENCY = Consistency(older=6, hashes=consistency_proof(LEAVES, 6), note=NOTE)


def test_the_form() -> None:
    """tlog-proof and tlog-witness: the lines, in their order."""
    lines = encode_proof(INCLUSION).decode().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra ZW50cnkgNA==", "index 4"]
    assert lines[3 + len(INCLUSION.hashes) :][:3] == ["", "example.com/log", "11"]
    lines = encode_proof(CONSISTENCY).decode().split("\n")
    assert (lines[0], lines[1 + len(CONSISTENCY.hashes) :][:2]) == ("old 6", ["", "example.com/log"])


@pytest.mark.parametrize("proof", [INCLUSION, CONSISTENCY])
def test_round_trip(proof: Inclusion | Consistency) -> None:
    """What is written is read."""
    assert decode_proof(encode_proof(proof), name="p") == (proof, NOW)


def test_they_hold() -> None:
    """For their checkpoints; not for another index, entry, log or older state."""
    assert INCLUSION.holds(NOW)
    assert not INCLUSION.holds(OLD)
    assert not Inclusion(entry=ENTRIES[3], index=4, hashes=INCLUSION.hashes, note=NOTE).holds(NOW)
    assert CONSISTENCY.holds(NOW, OLD)
    assert not CONSISTENCY.holds(NOW, Checkpoint(origin="example.com/log", size=6, root=NOW.root))
    assert not CONSISTENCY.holds(NOW, Checkpoint(origin="example.com/other", size=6, root=OLD.root))
    assert not CONSISTENCY.holds(NOW, Checkpoint(origin="example.com/log", size=5, root=tree_root(LEAVES[:5])))


@pytest.mark.parametrize(
    "change",
    [
        lambda content: b"",
        lambda content: content.replace(b"@v1", b"@v2"),
        lambda content: content.replace(b"index 4", b"index 04"),
        lambda content: content.replace(b"index 4", b"index -4"),
        lambda content: content.replace(b"index 4\n", b""),
        lambda content: content.replace(b"index 4", b"old 4"),
        lambda content: content.replace(b"extra ZW50cnkgNA==\n", b""),
        lambda content: content.replace(b"extra ZW50", b"extra  ZW5"),
        lambda content: content.replace(b"extra ZW50", b"other ZW50"),
        lambda content: content.replace(b"index 4\n", b"index 4\nAAAA\n"),
        lambda content: content.replace(b"index 4\n", b"index 4\n" + b"A" * 43 + b"=\n" * 65),
        lambda content: content.replace(b"index 4", b"index 4\xff"),
        lambda content: content.replace(b"\n\n", b"\n"),
        lambda content: content + b"x" * (2 << 20),
        lambda content: b"\n\n" + content,
        lambda content: b"c2sp.org/tlog-proof@v1\n\n" + content,
    ],
)
def test_no_proof(change: Callable[[bytes], bytes]) -> None:
    """TB8645, or TB8633 for the checkpoint in it."""
    with pytest.raises(IntegrityError) as caught:
        decode_proof(change(encode_proof(INCLUSION)), name="p")
    assert caught.value.findings[0].code in {"TB8645", "TB8633"}
