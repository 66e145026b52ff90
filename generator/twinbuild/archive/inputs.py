"""The inputs of one archived release as a store to build from: what its record names, and nothing else.

An archive also holds what was built, so a build that could read all of it could take a layer that it should make. This
gives the lock's files and no more, each hashed before it is used, and is never written.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from twinbuild.archive.directory import Archive
from twinbuild.model.archive import ArchivedRelease
from twinbuild.model.digest import Digest
from twinbuild.store.faults import missing

__all__ = ["ArchivedInputs"]


class ArchivedInputs:
    """The readable half of ``ports.Store`` over an archive; the other half refuses.

    What lies in the archive with other bytes raises IntegrityError TB3103 when it is read.
    """

    def __init__(self, archive: Archive, release: ArchivedRelease) -> None:
        self._blobs = archive.blobs
        self._allowed = frozenset(
            (*(each.sha256 for each in release.inputs), *(file.sha256 for file in release.project))
        )

    def has(self, digest: Digest) -> bool:
        """Whether it is an input of the release, and there."""
        return digest in self._allowed and self._blobs.has(digest)

    def size(self, digest: Digest) -> int:
        """Size in bytes. Raises LockError TB3102."""
        return self._blobs.size(self._asked(digest))

    def open(self, digest: Digest) -> BinaryIO:
        """A verifying stream. Raises LockError TB3102, IntegrityError TB3103-4."""
        return self._blobs.open(self._asked(digest))

    def read(self, digest: Digest, *, limit: int = 64 << 20) -> bytes:
        """A whole document, checked. Raises as ``open``."""
        return self._blobs.read(self._asked(digest), limit=limit)

    def check(self, digest: Digest) -> None:
        """Hash it once in this process. Raises as ``open``."""
        self._blobs.check(self._asked(digest))

    def path(self, digest: Digest) -> Path:
        """Where it lies. Raises LockError TB3102."""
        return self._blobs.path(self._asked(digest))

    def blobs(self) -> Iterator[Digest]:
        """The inputs that are there, sorted."""
        yield from (digest for digest in sorted(self._allowed) if self._blobs.has(digest))

    def _asked(self, digest: Digest) -> Digest:
        if digest not in self._allowed:
            raise missing(digest, needed_by="a build from the archive, which names no such input")
        return digest
