"""Naming a release whose blobs are all there: alone, or joined with what the archive says of it already."""

from __future__ import annotations

from dataclasses import replace

from twinbuild.archive.directory import Archive, Kept
from twinbuild.errors import IntegrityError
from twinbuild.model.archive import ArchivedFile, ArchivedRelease
from twinbuild.model.digest import Digest

__all__ = ["by_path", "keep_record"]


def keep_record(archive: Archive, record: ArchivedRelease) -> tuple[ArchivedRelease, Kept, bool]:
    """Keep a record; what the archive has then, its entry, and whether it said the same before."""
    with archive.updating():
        earlier = _earlier(archive, record.digest)
        joined = record if earlier is None else _joined(earlier, record)
        return joined, archive.put(joined), joined == earlier


def by_path(files: tuple[ArchivedFile, ...]) -> tuple[ArchivedFile, ...]:
    """Files sorted by path; of two with one path the later."""
    found = {file.path: file for file in files}
    return tuple(found[path] for path in sorted(found))


def _earlier(archive: Archive, digest: Digest) -> ArchivedRelease | None:
    """What the archive says of the release already; None where it says nothing, or lost what it said."""
    try:
        kept = archive.kept(digest)
        return archive.release(kept) if kept is not None else None
    except IntegrityError:
        return None


def _joined(earlier: ArchivedRelease, later: ArchivedRelease) -> ArchivedRelease:
    """What is archived of a release that is archived again: what was there stays, and what is new comes beside it.

    A release is named by its digest, so what the digest covers is the same in both. Signatures of later are those of
    earlier and more; of the run that made it, and of its tests, the first account stays.
    """
    files = {file.path: file for file in earlier.files}
    files |= {file.path: file for file in later.files if file.path not in files or file.path.startswith("signatures/")}
    return replace(earlier, files=by_path(tuple(files.values())), tool=earlier.tool or later.tool)
