"""Naming a release whose blobs are all there: alone, or joined with what the archive says of it already."""

from __future__ import annotations

from twinbuild.archive.joining import refuse_unreadable
from twinbuild.errors import IntegrityError
from twinbuild.model.archive import ArchivedRelease, Kept
from twinbuild.model.digest import Digest
from twinbuild.ports import ReleaseArchive

__all__ = ["earlier_record", "keep_record"]


def keep_record(
    archive: ReleaseArchive, record: ArchivedRelease, *, foreign: bool = False
) -> tuple[ArchivedRelease, Kept, bool]:
    """Keep a record; what the archive has then, its entry, and whether it said the same before.

    ``foreign``: it came from somewhere else, and may add to what is known of a release and replace nothing of it.
    Raises IntegrityError TB9111 for a record that nobody could read again, before anything of it is named.
    """
    refuse_unreadable(record)
    return archive.keep(record, foreign=foreign)


def earlier_record(archive: ReleaseArchive, digest: Digest) -> ArchivedRelease | None:
    """What the archive says of the release already; None where it says nothing, or lost what it said."""
    try:
        kept = archive.kept(digest)
        return archive.release(kept) if kept is not None else None
    except IntegrityError:
        return None
