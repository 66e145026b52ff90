"""A store in memory: for tests, dry runs and small intermediate work. The same contract as the one on disk."""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from twinbuild.model.digest import Digest
from twinbuild.store.faults import after_commit, damaged, missing, other_bytes
from twinbuild.store.layout import check_name
from twinbuild.store.stream import verifying

__all__ = ["MemoryStore"]


class MemoryStore:
    """Blobs and records in dictionaries. ``path`` writes a blob to a private directory that goes with the store."""

    def __init__(self) -> None:
        self._blobs: dict[Digest, bytes] = {}
        self._kept: set[str] = set()
        self._records: dict[tuple[str, Digest], bytes] = {}
        self._directory: Path | None = None

    def has(self, digest: Digest) -> bool:
        """Whether a blob of that name is there."""
        return digest in self._blobs

    def size(self, digest: Digest) -> int:
        """Size in bytes. Raises LockError TB3102."""
        return len(self._content(digest))

    def open(self, digest: Digest) -> BinaryIO:
        """A seekable stream. Raises LockError TB3102."""
        return verifying(io.BytesIO(self._content(digest)), digest)

    def read(self, digest: Digest, *, limit: int = 64 << 20) -> bytes:
        """A whole document. Raises LockError TB3102, IntegrityError TB3103 above ``limit``."""
        content = self._content(digest)
        if len(content) > limit:
            raise damaged(digest, f"more than {limit} bytes, which a document may not have")
        return content

    def check(self, digest: Digest) -> None:
        """Nothing can change bytes in memory; raises LockError TB3102."""
        self._content(digest)

    def path(self, digest: Digest) -> Path:
        """A file with the blob's bytes. Raises LockError TB3102."""
        content = self._content(digest)
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="twinbuild-"))
            weakref.finalize(self, shutil.rmtree, self._directory, ignore_errors=True)
        file = self._directory / digest.hex
        if not file.exists():
            file.write_bytes(content)
        return file

    @contextmanager
    def writer(self) -> Iterator[_Writer]:
        """A new blob."""
        yield _Writer(self._blobs)

    def put(self, content: bytes) -> Digest:
        """Store a document and return its digest."""
        digest = Digest.of(content)
        self._blobs[digest] = bytes(content)
        return digest

    def record(self, kind: str, key: Digest) -> bytes | None:
        """A record as it was written, or None. Raises UsageError TB3112."""
        return self._records.get((check_name(kind), key))

    def put_record(self, kind: str, key: Digest, content: bytes) -> None:
        """Write a record. Raises UsageError TB3112."""
        self._records[check_name(kind), key] = bytes(content)

    def blobs(self) -> Iterator[Digest]:
        """All blob names, sorted."""
        return iter(sorted(self._blobs))

    def keep(self, name: str, digests: Iterable[Digest], *, origin: Path | None = None) -> None:  # noqa: ARG002
        """Nothing is ever collected here. Raises UsageError TB3112."""
        self._kept.add(check_name(name))

    def kept(self, prefix: str) -> tuple[str, ...]:
        """The names that begin so, sorted."""
        return tuple(sorted(name for name in self._kept if name.startswith(prefix)))

    def unkeep(self, name: str) -> None:
        """Forget a name. Raises UsageError TB3112."""
        self._kept.discard(check_name(name))

    def _content(self, digest: Digest) -> bytes:
        content = self._blobs.get(digest)
        if content is None:
            raise missing(digest)
        return content


class _Writer:
    """A blob in the making."""

    def __init__(self, blobs: dict[Digest, bytes]) -> None:
        self._blobs = blobs
        self._hash = hashlib.sha256()
        self._gathered = bytearray()
        self._committed = False

    def write(self, chunk: bytes | bytearray | memoryview) -> int:
        """Append bytes and return how many."""
        if self._committed:
            raise after_commit()
        view = memoryview(chunk).cast("B")
        self._hash.update(view)
        self._gathered += view
        return len(view)

    def commit(self, expected: Digest | None = None) -> tuple[Digest, int]:
        """Give the blob its name; digest and size. Raises IntegrityError TB3101 if ``expected`` differs."""
        if self._committed:
            raise after_commit()
        digest = Digest(self._hash.hexdigest())
        if expected is not None and digest != expected:
            raise other_bytes(digest, len(self._gathered), expected)
        self._committed = True
        self._blobs[digest] = bytes(self._gathered)
        return digest, len(self._gathered)
