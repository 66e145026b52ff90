"""Taking releases out of an archive in a directory, with the blobs that no other release needs.

Nothing is deleted while another process uses the archive, what a release that stays needs is worked out again from the
records at that moment, and whoever is killed on the way leaves an archive that is whole.
"""

from __future__ import annotations

from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.errors import EnvironmentFault
from twinbuild.model.archive import Taken
from twinbuild.model.digest import Digest
from twinbuild.store.collection import delete, plan
from twinbuild.store.disk import DiskStore

__all__ = ["ADDING", "ROOT", "collect", "unprotect"]

ROOT: Final = "release-"  # and the release digest: which blobs it needs
ADDING: Final = "adding-"  # and the release digest: the same, as long as no entry names the release


def collect(blobs: DiskStore, out: tuple[Digest, ...], *, place: str, wait: float) -> Taken:
    """Delete the blobs that no root needs, now that some releases are out.

    Raises EnvironmentFault TB9141 while another process uses the archive; then the blobs go with the next run.
    """
    blobs.used.clear()  # what was read to judge by is no reason to stay
    planned = plan(blobs)
    try:
        collected = delete(blobs, planned, wait=wait)
    except EnvironmentFault as error:
        if error.findings[0].code != "TB3111":
            raise
        raise EnvironmentFault.of(
            "TB9141",
            f"{counted(len(out), 'release was', 'releases were')} taken out, and another process uses the archive: "
            f"{counted(len(planned.blobs), 'file stays', 'files stay')} for now",
            hint="run the command again when it has ended",
            where=place,
        ) from error
    return Taken(releases=out, blobs=collected.blobs, size=collected.size)


def unprotect(blobs: DiskStore, staying: tuple[Digest, ...]) -> None:
    """Take away the roots of releases that are gone, and of those that somebody was killed over adding.

    For whoever is alone in changing what an archive says.
    """
    roots = {f"{ROOT}{digest.hex}" for digest in staying}
    for name in (*blobs.kept(ROOT), *blobs.kept(ADDING)):
        if name not in roots:
            blobs.unkeep(name)
