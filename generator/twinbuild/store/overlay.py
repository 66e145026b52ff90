"""A scratch store over another: inputs are read from below, everything new stays above, and no record is shared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

from twinbuild.model.digest import Digest
from twinbuild.ports import BlobWriter, Store
from twinbuild.store.disk import DiskStore

__all__ = ["OverlayStore", "scratch_store"]


class OverlayStore:
    """Implements ``ports.Store``: blobs of ``above`` first, else those of ``below``, which is never written.

    Records come from ``above`` alone: a layer cache that is empty above is empty.
    """

    def __init__(self, *, above: Store, below: Store) -> None:
        self._above = above
        self._below = below

    def _holder(self, digest: Digest) -> Store:
        return self._above if self._above.has(digest) else self._below

    def has(self, digest: Digest) -> bool:
        """Whether either store has the blob."""
        return self._above.has(digest) or self._below.has(digest)

    def size(self, digest: Digest) -> int:
        """Size in bytes. Raises LockError TB3102."""
        return self._holder(digest).size(digest)

    def open(self, digest: Digest) -> BinaryIO:
        """A verifying stream. Raises as the store that has it."""
        return self._holder(digest).open(digest)

    def read(self, digest: Digest, *, limit: int = 64 << 20) -> bytes:
        """A whole document, checked."""
        return self._holder(digest).read(digest, limit=limit)

    def check(self, digest: Digest) -> None:
        """Check a blob's bytes where it lies."""
        self._holder(digest).check(digest)

    def path(self, digest: Digest) -> Path:
        """Where the blob lies."""
        return self._holder(digest).path(digest)

    def writer(self) -> AbstractContextManager[BlobWriter]:
        """A new blob, above."""
        return self._above.writer()

    def put(self, content: bytes) -> Digest:
        """Store a document, above."""
        return self._above.put(content)

    def record(self, kind: str, key: Digest) -> bytes | None:
        """A record from above."""
        return self._above.record(kind, key)

    def put_record(self, kind: str, key: Digest, content: bytes) -> None:
        """Write a record above."""
        self._above.put_record(kind, key, content)

    def blobs(self) -> Iterator[Digest]:
        """Names of the blobs of both, sorted."""
        yield from sorted({*self._above.blobs(), *self._below.blobs()})

    def keep(self, name: str, digests: Iterable[Digest], *, origin: Path | None = None) -> None:
        """Protect blobs above; what lies below belongs to others."""
        self._above.keep(name, digests, origin=origin)

    def kept(self, prefix: str) -> tuple[str, ...]:
        """Names above."""
        return self._above.kept(prefix)

    def unkeep(self, name: str) -> None:
        """No longer protect blobs above."""
        self._above.unkeep(name)


@contextmanager
def scratch_store(below: Store, root: Path) -> Iterator[OverlayStore]:
    """A store over ``below`` whose own blobs lie at ``root``; they need not survive a power cut."""
    with DiskStore(root, durable=False) as above:
        yield OverlayStore(above=above, below=below)
