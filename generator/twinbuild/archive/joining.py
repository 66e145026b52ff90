"""What two accounts of one release say together: who archives it again adds to what is there, and takes none away."""

from __future__ import annotations

from dataclasses import replace

from twinbuild.codec.archive import decode_archived, encode_archived
from twinbuild.codec.dsse import decode_envelope
from twinbuild.errors import TwinbuildError
from twinbuild.model.archive import ArchivedFile, ArchivedRelease
from twinbuild.model.digest import Digest
from twinbuild.ports import Blobs

__all__ = ["by_path", "joined", "refuse_unreadable"]


def by_path(files: tuple[ArchivedFile, ...]) -> tuple[ArchivedFile, ...]:
    """Files sorted by path; of two with one path the later."""
    found = {file.path: file for file in files}
    return tuple(found[path] for path in sorted(found))


def refuse_unreadable(record: ArchivedRelease) -> None:
    """Raise IntegrityError TB9111 for a record that nobody could read again, before anything of it is named."""
    decode_archived(encode_archived(record), name=record.label)


def joined(
    blobs: Blobs, earlier: ArchivedRelease, later: ArchivedRelease, *, replaces: bool, tool: bool
) -> ArchivedRelease:
    """What is archived of a release that is archived again: what was there stays, and what is new comes beside it.

    A release is named by its digest, so what the digest covers is the same in both. Signatures of later are those of
    earlier and more; of the run that made it, and of its tests, the first account stays. Unless later ``replaces``,
    its envelopes take the place of earlier ones only where they hold all of their signatures. Where it does, its
    project and inputs count, too: who archives from a directory held them against the release and its lock, and who
    came first may have been anybody. ``tool``: later may bring one where earlier has none.
    """
    files = {file.path: file for file in earlier.files}
    for file in later.files:
        known = files.get(file.path)
        if known is None or (
            file.path.startswith("signatures/") and (replaces or _holds(blobs, file.sha256, known.sha256))
        ):
            files[file.path] = file
    found = replace(earlier, files=by_path(tuple(files.values())), tool=earlier.tool or (later.tool if tool else ()))
    if not replaces:
        return found
    return replace(
        found,
        spec=later.spec,
        overlays=later.overlays,
        variants=later.variants,
        images=later.images,
        indexes=later.indexes,
        project=later.project,
        inputs=later.inputs,
    )


def _holds(blobs: Blobs, later: Digest, earlier: Digest) -> bool:
    """Whether an envelope is an earlier one with more signatures."""
    if later == earlier:
        return False
    try:
        new, old = (decode_envelope(blobs.read(each), name=str(each)) for each in (later, earlier))
    except TwinbuildError:
        return False
    same = (new.payload_type, new.payload) == (old.payload_type, old.payload)
    return same and set(old.signatures) <= set(new.signatures)
