"""Taking releases out of an archive in a directory, with the blobs that no other release needs.

Nothing is deleted while another process uses the archive, what a release that stays needs is worked out again from the
records at that moment, and whoever is killed on the way leaves an archive that is whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from twinbuild.errors import EnvironmentFault, Finding, IntegrityError, Location
from twinbuild.model.archive import Taken
from twinbuild.model.digest import Digest
from twinbuild.store import layout
from twinbuild.store.collection import delete, plan

if TYPE_CHECKING:
    from twinbuild.archive.directory import Archive

__all__ = ["take_out"]

_ROOT: Final = "release-"  # and the release digest: which blobs it needs


def take_out(archive: Archive, going: Sequence[Digest], *, wait: float) -> Taken:
    """Take out the releases that were not pinned since, and the blobs that no other needs.

    Raises IntegrityError TB9110 where blobs are kept for a release that has lost its entry: nothing goes then. Raises
    EnvironmentFault TB9141 while another process uses the archive; then the releases are out, and the blobs go
    with the next run.
    """
    with archive.updating():
        _refuse_lost(archive)
        out = tuple(digest for digest in going if archive.pinned(digest) is None)
        for digest in out:
            archive.drop(digest)
        _protect(archive)
    archive.blobs.used.clear()  # what was read to judge by is no reason to stay
    planned = plan(archive.blobs)
    try:
        collected = delete(archive.blobs, planned, wait=wait)
    except EnvironmentFault as error:
        if error.findings[0].code != "TB3111":
            raise
        raise EnvironmentFault.of(
            "TB9141",
            f"{len(out)} releases were taken out, and another process uses the archive: "
            f"{len(planned.blobs)} files stay for now",
            hint="run the command again when it has ended",
            where=archive.place,
        ) from error
    return Taken(releases=out, blobs=collected.blobs, size=collected.size)


def _refuse_lost(archive: Archive) -> None:
    """A root without an entry is what a lost directory of records leaves, such as in half a copy: no reason to go."""
    known = {digest.hex for digest in archive.names()}
    lost = sorted({name.removeprefix(_ROOT) for name in archive.blobs.kept(_ROOT)} - known)
    findings = tuple(
        Finding(
            code="TB9110",
            message=f"the entry of the release sha256:{digest} is lost, and its files are still there",
            hint=f"archive the release again, or copy {layout.RECORDS}/ from a copy that is whole; where nobody needs "
            f"the release, remove v1/roots/{_ROOT}{digest}",
            where=Location(subject=f"sha256:{digest}"),
        )
        for digest in lost
    )
    if findings:
        raise IntegrityError(findings)


def _protect(archive: Archive) -> None:
    """The roots that follow from the records, whatever became of the files; and none of releases that are gone."""
    roots = set()
    for kept in archive.releases():
        archive.protect(archive.release(kept), kept.record)
        roots.add(f"{_ROOT}{kept.release.hex}")
    for name in archive.blobs.kept(_ROOT):
        if name not in roots:
            archive.blobs.unkeep(name)
