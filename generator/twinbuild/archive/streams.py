"""Blobs on their way: sent from where they can be opened again, fetched in place of damaged ones, or only hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import BinaryIO, Final

from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.ports import BlobSink, BlobWriter

__all__ = ["Anew", "Nowhere", "Source"]

_PIECE: Final = 1 << 20


class Source:
    """A blob to be sent: what an upload opens, to hash it first, and again after a broken connection."""

    def __init__(self, opened: Callable[[], BinaryIO]) -> None:
        self._opened = opened

    def open(self, digest: Digest) -> BinaryIO:  # noqa: ARG002  there is one
        """The stream from its start."""
        return self._opened()

    def check(self, digest: Digest) -> None:
        """Raise IntegrityError TB3101 unless it has that digest."""
        hashed = hashlib.sha256()
        with self._opened() as stream:
            while chunk := stream.read(_PIECE):
                hashed.update(chunk)
        actual = hashed.hexdigest()
        if actual != digest.hex:
            raise IntegrityError.of(
                "TB3101",
                f"the bytes have digest sha256:{actual}, expected {digest}",
                hint="archive the release when nothing writes to its directory or its project",
                where=str(digest),
            )


class Anew:
    """Implements ``ports.BlobSink`` over a store: what lies there is damaged, so it counts as not there."""

    def __init__(self, store: BlobSink) -> None:
        self._store = store

    def has(self, digest: Digest) -> bool:  # noqa: ARG002  whatever it has
        """It has nothing that is any good."""
        return False

    def size(self, digest: Digest) -> int:
        """As the store has it."""
        return self._store.size(digest)

    def writer(self) -> AbstractContextManager[BlobWriter]:
        """A new blob, which replaces a damaged one."""
        return self._store.writer()


class Nowhere:
    """Implements ``ports.BlobSink``: counts the bytes of the blob that it is given, and keeps none."""

    def __init__(self) -> None:
        self.received = 0

    def has(self, digest: Digest) -> bool:  # noqa: ARG002  it has none
        """It has nothing."""
        return False

    def size(self, digest: Digest) -> int:  # noqa: ARG002  it has none
        """How much came."""
        return self.received

    @contextmanager
    def writer(self) -> Iterator[BlobWriter]:
        """A writer that forgets."""
        self.received = 0
        yield self

    def write(self, chunk: bytes | bytearray | memoryview) -> int:
        """Count the bytes; whoever downloads hashes them."""
        self.received += len(chunk)
        return len(chunk)

    def commit(self, expected: Digest | None = None) -> tuple[Digest, int]:
        """The digest that the download was checked against."""
        assert expected is not None, "a download knows what it fetches"
        return expected, self.received
