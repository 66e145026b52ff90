"""Whether the record of an archived release names all that building the release again needs, as its lock says.

A record comes from whoever archived the release, the lock is covered by the release manifest. A record that names less
would be whole to whoever hashes what it names, and what it leaves out would be pruned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from twinbuild.codec.lock import decode_lock
from twinbuild.codec.manifest import decode_manifest
from twinbuild.errors import Finding, Location, TwinbuildError
from twinbuild.model.archive import REBUILD, ArchivedRelease
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock
from twinbuild.pipeline.archive.bringing import LOCK
from twinbuild.pipeline.archive.closure import inputs_of
from twinbuild.ports import ReleaseArchive

__all__ = ["unlike_lock"]

_MANIFEST: Final = "manifest.json"
_LARGEST: Final = 64 << 20  # bytes of a lock


def unlike_lock(archive: ReleaseArchive, release: ArchivedRelease) -> list[Finding]:
    """TB9115 for what the lock names and the record does not, with the first of it; () where all is there.

    The record was held against the release manifest before. Of a lock that this twinbuild cannot read, which an older
    or a later one has made, nothing is said.
    """
    lock_file = next((file.sha256 for file in release.files if file.path == LOCK), None)
    try:
        document: dict[str, Any] = decode_manifest(archive.blobs.read(release.digest), name=_MANIFEST)
        whole = decode_lock(archive.blobs.read(lock_file, limit=_LARGEST), name=LOCK) if lock_file else None
    except TwinbuildError:
        return []
    if whole is None or lock_file is None:
        return []
    variants = {image["variant"] for image in document["environment"]["images"]}
    lock = replace(whole, targets=tuple(target for target in whole.targets if target.variant in variants))
    inputs, files = {each.sha256 for each in release.inputs}, {each.sha256 for each in release.project}
    lacking = [f"{each.kind} {each.name}" for each in inputs_of(lock) if each.sha256 not in inputs]
    lacking += [f"project file {path}" for path, digest in _project(lock, lock_file) if digest not in files]
    if not lacking:
        return []
    more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    return [
        Finding(
            code="TB9115",
            message=f"the record of {release.label} does not name {lacking[0]}{more}, which its lock has; it blocks "
            f"{REBUILD}",
            hint="archive the release again; whoever made this record left it out",
            where=Location(subject=str(release.digest)),
        )
    ]


def _project(lock: Lock, lock_file: Digest) -> Iterator[tuple[str, Digest]]:
    """Files of the project that the lock names, and the lock."""
    yield LOCK, lock_file
    yield from ((file.path, file.sha256) for file in lock.source)
    yield from ((file.path, file.sha256) for target in lock.targets for step in target.steps for file in step.files)
