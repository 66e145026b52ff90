"""Proofs from a log, and what they prove to somebody who has nothing but them and the log's public key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from twinbuild.codec.amounts import counted
from twinbuild.codec.auditentry import Entry, decode_entry
from twinbuild.codec.auditproof import Consistency, Inclusion, decode_proof, encode_proof
from twinbuild.codec.checkpoint import Checkpoint, checkpoint_of
from twinbuild.codec.merkle import consistency_proof, inclusion_proof, tree_root
from twinbuild.codec.note import decode_note
from twinbuild.codec.tiles import WIDTH, Tile, decode_bundle
from twinbuild.errors import IntegrityError, Location, UsageError
from twinbuild.govern.keys import PublicKey
from twinbuild.govern.notes import check_note
from twinbuild.model.digest import Digest
from twinbuild.pipeline.audit.log import read_bytes, read_checkpoint, read_tile
from twinbuild.pipeline.audit.read import kept_checkpoint, read_entries, read_leaves

__all__ = ["Proven", "index_of", "prove_consistency", "prove_inclusion", "verify_proof"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What a proof shows: the entry at an index; where it is None, that a log begins with ``index`` others."""

    checkpoint: Checkpoint
    index: int
    entry: Entry | None


def index_of(directory: Path, release: Digest) -> int:
    """The one entry about a release. Raises UsageError TB8647 where there is none, or more than one."""
    found = [index for index, entry in enumerate(read_entries(directory)[2]) if entry.release == str(release)]
    if len(found) == 1:
        return found[0]
    many = f"the entries {', '.join(map(str, found[:20]))} of {directory} are about {release}"
    raise UsageError.of(
        "TB8647",
        many if found else f"no entry of {directory} is about {release}",
        hint="name one by its index" if found else "run `twinbuild audit log`, which lists the entries",
        where="--release",
    )


def prove_inclusion(directory: Path, index: int) -> bytes:
    """A proof of one entry. Raises UsageError TB8647, IntegrityError TB8646 where the log does not hold together."""
    checkpoint, note = read_checkpoint(directory)
    if not 0 <= index < checkpoint.size:
        raise UsageError.of(
            "TB8647",
            f"{directory} has no entry {index}: it has {checkpoint.size}, counted from 0",
            hint="run `twinbuild audit log`, which lists the entries",
            where="INDEX",
        )
    leaves = _leaves(directory, checkpoint)
    place = index // WIDTH
    bundle = read_tile(directory, Tile(level=-1, index=place, width=min(WIDTH, checkpoint.size - place * WIDTH)))
    entry = dict(enumerate(decode_bundle(bundle or b"")[0])).get(index % WIDTH, b"")
    proof = Inclusion(entry=entry, index=index, hashes=inclusion_proof(leaves, index), note=note)
    if not proof.holds(checkpoint):
        raise _unproven(str(directory), f"entry {index} is not the one that was signed")
    return encode_proof(proof)


def prove_consistency(directory: Path, since: Path) -> bytes:
    """A proof that a log goes on from a checkpoint. Raises UsageError TB8630, IntegrityError TB8633, TB8646."""
    checkpoint, note = read_checkpoint(directory)
    content = read_bytes(since, follow=True)
    if content is None:
        raise UsageError.of("TB8630", f"{since} does not exist", hint="name a copy of a checkpoint", where="--since")
    old = checkpoint_of(decode_note(content, name=str(since)), name=str(since))
    leaves = _leaves(directory, checkpoint)
    hashes = consistency_proof(leaves, old.size) if old.size <= checkpoint.size else ()
    proof = Consistency(older=old.size, hashes=hashes, note=note)
    if not proof.holds(checkpoint, old):
        raise _unproven(str(directory), f"it does not go on from the log that {since} is a checkpoint of")
    return encode_proof(proof)


def verify_proof(path: Path, key: PublicKey, kept: Sequence[Path]) -> Proven:
    """What a proof shows, by itself; for one of a log that goes on, with the one older checkpoint that it is about.

    Raises UsageError TB8630, IntegrityError TB8633, TB8644, TB8645, TB8646, PolicyRefused TB8634, TB8635.
    """
    content = read_bytes(path, follow=True) or b""
    proof, checkpoint = decode_proof(content, name=str(path))
    check_note(proof.note, key, checkpoint.origin, where=str(path))
    if isinstance(proof, Inclusion):
        if kept:
            message = "an entry is proven without a checkpoint kept elsewhere"
            hint = "leave --checkpoint out; `audit prove --since` makes a proof for it"
            raise UsageError.of("TB8630", message, hint=hint, where="--checkpoint")
        if not proof.holds(checkpoint):
            raise _unproven(str(path), f"the hashes do not lead from its entry, as entry {proof.index}, to the root")
        entry = decode_entry(proof.entry, where=f"the entry of {path}")
        return Proven(checkpoint=checkpoint, index=proof.index, entry=entry)
    if len(kept) != 1:
        hint = "give --checkpoint: the older one that you kept"
        raise UsageError.of("TB8630", "expected one older checkpoint", hint=hint, where="--checkpoint")
    old = kept_checkpoint(kept[0], key)
    if not proof.holds(checkpoint, old):
        entries = counted(checkpoint.size, "entry", "entries")
        raise _unproven(str(path), f"the log of {entries} does not go on from that of {kept[0]}")
    return Proven(checkpoint=checkpoint, index=old.size, entry=None)


def _leaves(directory: Path, checkpoint: Checkpoint) -> list[bytes]:
    leaves = read_leaves(directory, checkpoint.size)
    if len(leaves) != checkpoint.size or tree_root(leaves) != checkpoint.root:
        raise _unproven(str(directory), "its tiles do not have the root that was signed")
    return leaves


def _unproven(name: str, why: str) -> IntegrityError:
    hint = "run `twinbuild audit verify` on the log, which says what happened"
    return IntegrityError.of("TB8646", f"{name} proves nothing: {why}", hint=hint, where=Location(file=name))
