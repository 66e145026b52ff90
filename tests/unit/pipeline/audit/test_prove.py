"""Proofs from a log: each verifies with the public key alone, and nothing else does."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fakes.auditlogs import ORIGIN, Kept, kept_log, note_entry, write_log
from twinbuild.codec.auditentry import Entry
from twinbuild.codec.tiles import Tile, tile_path
from twinbuild.errors import TwinbuildError
from twinbuild.govern.keys import new_key
from twinbuild.govern.signer import KeySigner
from twinbuild.model.digest import Digest
from twinbuild.pipeline.audit.log import add_entries, new_log
from twinbuild.pipeline.audit.prove import index_of, prove_consistency, prove_inclusion, verify_proof

SIZE = 270


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A log over the border of a tile."""
    return kept_log(tmp_path_factory.mktemp("log"), SIZE)


def _code(error: pytest.ExceptionInfo[TwinbuildError]) -> str:
    return error.value.findings[0].code


@pytest.mark.parametrize("index", [0, 1, 127, 255, 256, SIZE - 1])
def test_inclusion(log: Kept, tmp_path: Path, index: int) -> None:
    """The entry, its index, its log."""
    path = tmp_path / "proof"
    path.write_bytes(prove_inclusion(log.directory, index))
    proven = verify_proof(path, log.signer.public, ())
    assert (proven.entry, proven.index, proven.checkpoint.origin) == (log.entries[index], index, ORIGIN)
    assert len(path.read_bytes()) < 1500


def test_no_such_entry(log: Kept) -> None:
    """Indices count from 0."""
    for index in (-1, SIZE):
        with pytest.raises(TwinbuildError) as caught:
            prove_inclusion(log.directory, index)
        assert _code(caught) == "TB8647"


def test_every_flipped_byte(log: Kept, tmp_path: Path) -> None:
    """No byte of a proof may change."""
    content = prove_inclusion(log.directory, 77)
    path = tmp_path / "proof"
    chance = random.Random(1)
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :])
        with pytest.raises(TwinbuildError) as caught:
            verify_proof(path, log.signer.public, ())
        assert _code(caught) in {"TB8633", "TB8634", "TB8635", "TB8645", "TB8646"}


def test_another_key(log: Kept, tmp_path: Path) -> None:
    """Somebody else's log proves nothing to who does not trust its key."""
    path = tmp_path / "proof"
    path.write_bytes(prove_inclusion(log.directory, 0))
    with pytest.raises(TwinbuildError) as caught:
        verify_proof(path, new_key("ed25519").public, ())
    assert _code(caught) == "TB8634"


@pytest.mark.parametrize("older", [0, 1, 200, 256, 270])
def test_consistency(log: Kept, tmp_path: Path, older: int) -> None:
    """From each older checkpoint; not from one of another past, nor from another size."""
    directory = tmp_path / "grown"
    new_log(directory, ORIGIN, log.signer)
    add_entries(directory, log.entries[:older], log.signer, wait=0)
    since = tmp_path / "since"
    since.write_bytes((directory / "checkpoint").read_bytes())
    path = tmp_path / "proof"
    path.write_bytes(prove_consistency(log.directory, since))
    proven = verify_proof(path, log.signer.public, (since,))
    assert (proven.entry, proven.index, proven.checkpoint.size) == (None, older, SIZE)
    other = tmp_path / "other"
    new_log(other, ORIGIN, log.signer)
    add_entries(other, tuple(note_entry(1000 + number) for number in range(max(older, 1))), log.signer, wait=0)
    for do in (
        lambda: verify_proof(path, log.signer.public, (other / "checkpoint",)),
        lambda: prove_consistency(log.directory, other / "checkpoint"),
    ):
        with pytest.raises(TwinbuildError) as caught:
            do()
        assert _code(caught) == "TB8646"


def test_a_log_does_not_go_on_from_a_larger_one(log: Kept, tmp_path: Path) -> None:
    """It was cut off since."""
    longer = log.copy(tmp_path / "longer")
    add_entries(longer, (note_entry(1000),), log.signer, wait=0)
    with pytest.raises(TwinbuildError) as caught:
        prove_consistency(log.directory, longer / "checkpoint")
    assert _code(caught) == "TB8646"


def test_usage(log: Kept, tmp_path: Path) -> None:
    """An older checkpoint where one is needed, and only there."""
    path = tmp_path / "proof"
    path.write_bytes(prove_inclusion(log.directory, 0))
    for kept in ((log.checkpoint,), (tmp_path / "none",)):
        with pytest.raises(TwinbuildError) as caught:
            verify_proof(path, log.signer.public, kept)
        assert _code(caught) == "TB8630"
    path.write_bytes(prove_consistency(log.directory, log.checkpoint))
    for several in ((), (log.checkpoint, log.checkpoint)):
        with pytest.raises(TwinbuildError) as caught:
            verify_proof(path, log.signer.public, several)
        assert _code(caught) == "TB8630"
    with pytest.raises(TwinbuildError) as caught:
        prove_consistency(log.directory, tmp_path / "none")
    assert _code(caught) == "TB8630"


def test_of_a_release(tmp_path: Path) -> None:
    """The one entry about a release; the indices where there are more."""
    signer = KeySigner(new_key("ecdsa"))
    new_log(tmp_path / "log", ORIGIN, signer)
    first, second, third = (Digest.of(bytes([number])) for number in range(3))
    about = [
        Entry(action=action, by="ada", time=0, release=str(digest), name="n", version="1")
        for action, digest in (("released", first), ("released", second), ("promoted", first))
    ]
    add_entries(tmp_path / "log", about, signer, wait=0)
    assert index_of(tmp_path / "log", second) == 1
    for digest, said in ((first, "entries 0, 2 of"), (third, "no entry")):
        with pytest.raises(TwinbuildError) as caught:
            index_of(tmp_path / "log", digest)
        assert _code(caught) == "TB8647"
        assert said in caught.value.findings[0].message


def test_no_proof_from_a_log_that_does_not_hold_together(log: Kept, tmp_path: Path) -> None:
    """An entry, a tile, or both changed: nothing is written that would not verify."""
    entries = list(log.entries)
    entries[5] = note_entry(1000)
    changed = log.copy(tmp_path / "changed")
    bundle = tile_path(Tile(level=-1, index=0, width=256))
    write_log(tmp_path / "other", tuple(entries), None)
    (changed / bundle).write_bytes((tmp_path / "other" / bundle).read_bytes())
    both = log.copy(tmp_path / "both")
    write_log(both, tuple(entries), None)
    for directory in (changed, both):
        with pytest.raises(TwinbuildError) as caught:
            prove_inclusion(directory, 5)
        assert _code(caught) == "TB8646"
