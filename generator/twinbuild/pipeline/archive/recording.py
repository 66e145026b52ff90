"""Naming a release whose blobs are all there: alone, or joined with what the archive says of it already."""

from __future__ import annotations

from dataclasses import replace

from twinbuild.archive.directory import Archive, Kept
from twinbuild.codec.archive import decode_archived, encode_archived
from twinbuild.codec.dsse import decode_envelope
from twinbuild.errors import IntegrityError, TwinbuildError
from twinbuild.model.archive import ArchivedFile, ArchivedRelease
from twinbuild.model.digest import Digest

__all__ = ["by_path", "earlier_record", "keep_record"]


def keep_record(
    archive: Archive, record: ArchivedRelease, *, foreign: bool = False
) -> tuple[ArchivedRelease, Kept, bool]:
    """Keep a record; what the archive has then, its entry, and whether it said the same before.

    ``foreign``: it came from somewhere else, and may add to what is known of a release and replace nothing of it.
    Raises IntegrityError TB9111 for a record that nobody could read again, before anything of it is named.
    """
    decode_archived(encode_archived(record), name=record.label)
    with archive.updating():
        earlier = earlier_record(archive, record.digest)
        joined = record if earlier is None else _joined(archive, earlier, record, foreign=foreign)
        return joined, archive.put(joined), joined == earlier


def by_path(files: tuple[ArchivedFile, ...]) -> tuple[ArchivedFile, ...]:
    """Files sorted by path; of two with one path the later."""
    found = {file.path: file for file in files}
    return tuple(found[path] for path in sorted(found))


def earlier_record(archive: Archive, digest: Digest) -> ArchivedRelease | None:
    """What the archive says of the release already; None where it says nothing, or lost what it said."""
    try:
        kept = archive.kept(digest)
        return archive.release(kept) if kept is not None else None
    except IntegrityError:
        return None


def _joined(archive: Archive, earlier: ArchivedRelease, later: ArchivedRelease, *, foreign: bool) -> ArchivedRelease:
    """What is archived of a release that is archived again: what was there stays, and what is new comes beside it.

    A release is named by its digest, so what the digest covers is the same in both. Signatures of later are those of
    earlier and more; of the run that made it, and of its tests, the first account stays. What is foreign brings no
    tool for a release that is known, and other signatures only beside those that are there.
    """
    files = {file.path: file for file in earlier.files}
    for file in later.files:
        known = files.get(file.path)
        if known is None or (
            file.path.startswith("signatures/") and (not foreign or _holds(archive, file.sha256, known.sha256))
        ):
            files[file.path] = file
    tool = earlier.tool or (() if foreign else later.tool)
    return replace(earlier, files=by_path(tuple(files.values())), tool=tool)


def _holds(archive: Archive, later: Digest, earlier: Digest) -> bool:
    """Whether an envelope is an earlier one with more signatures."""
    try:
        new, old = (decode_envelope(archive.blobs.read(each), name=str(each)) for each in (later, earlier))
    except TwinbuildError:
        return False
    same = (new.payload_type, new.payload) == (old.payload_type, old.payload)
    return same and set(old.signatures) <= set(new.signatures)
