"""The few seams where twinbuild touches the world. Adapters implement them; they meet only in the pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from twinbuild.errors import Finding
from twinbuild.model.archive import ArchivedRelease, Kept, Taken
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image
from twinbuild.model.lock import LockedArtifact, LockedDeb, LockedSdist, LockedWheel
from twinbuild.model.plan import Derivation

__all__ = [
    "BlobSink",
    "BlobWriter",
    "Blobs",
    "Builder",
    "Completed",
    "Fetcher",
    "Progress",
    "ReleaseArchive",
    "Runner",
    "Store",
    "silent",
]


class BlobWriter(Protocol):
    """A blob in the making. Until ``commit`` it has no name, and leaving the context without it leaves nothing."""

    def write(self, chunk: bytes | bytearray | memoryview) -> int:
        """Append bytes (hashed as they pass) and return how many."""

    def commit(self, expected: Digest | None = None) -> tuple[Digest, int]:
        """Give the blob its name and return digest and size.

        Raises IntegrityError TB3101 if ``expected`` is given and differs; nothing is stored then.
        """


class Blobs(Protocol):
    """Content-addressed blobs that can be read."""

    def has(self, digest: Digest) -> bool:
        """Whether a blob of that name is there (not that its bytes are right: reading checks that)."""

    def size(self, digest: Digest) -> int:
        """Size in bytes. Raises LockError TB3102 if there is no such blob."""

    def open(self, digest: Digest) -> BinaryIO:
        """A seekable stream over a blob, as stored. Raises LockError TB3102 if there is none.

        Reading it whole and in order checks the digest: the last read raises IntegrityError TB3103 on a difference.
        """

    def read(self, digest: Digest, *, limit: int = 64 << 20) -> bytes:
        """A whole document, checked. Raises LockError TB3102, IntegrityError TB3103 (also if above ``limit``)."""

    def check(self, digest: Digest) -> None:
        """Hash a blob once in this process's life and remember it by (inode, size, mtime); raises as ``open``."""

    def path(self, digest: Digest) -> Path:
        """Where the blob lies, for random access by a reader that was given its digest by ``check``. Never write."""


class BlobSink(Protocol):
    """Where a download goes: the part of ``Store`` that it needs."""

    def has(self, digest: Digest) -> bool:
        """Whether the blob is there already."""

    def size(self, digest: Digest) -> int:
        """Its size in bytes."""

    def writer(self) -> AbstractContextManager[BlobWriter]:
        """A new blob."""


class Store(Blobs, Protocol):
    """Content-addressed blobs, and small records under a key.

    Safe for concurrent processes and for ``kill -9`` at any moment: a blob is wholly there or not at all.
    """

    def writer(self) -> AbstractContextManager[BlobWriter]:
        """A new blob."""

    def put(self, content: bytes) -> Digest:
        """Store a document and return its digest. A corrupt blob of that name is replaced."""

    def record(self, kind: str, key: Digest) -> bytes | None:
        """A record as it was written, or None; one that is damaged counts as none."""

    def put_record(self, kind: str, key: Digest, content: bytes) -> None:
        """Write a record, replacing an older one at once."""

    def blobs(self) -> Iterator[Digest]:
        """All blob names, sorted."""

    def keep(self, name: str, digests: Iterable[Digest], *, origin: Path | None = None) -> None:
        """Protect blobs from collection under a name, in place of what stood under it.

        ``origin`` is the file or directory that they are kept for: when it is gone, so is the protection.
        """

    def kept(self, prefix: str) -> tuple[str, ...]:
        """The names that begin so under which blobs are protected, sorted."""

    def unkeep(self, name: str) -> None:
        """No longer protect what stands under a name; none there is fine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """A process that ended: its status (negative: the signal) and what it printed."""

    status: int
    stdout: bytes
    stderr: bytes


class Runner(Protocol):
    """The one place that starts processes."""

    def run(
        self,
        argv: tuple[str, ...],
        *,
        environment: tuple[tuple[str, str], ...],
        stdin: bytes = b"",
        directory: Path | None = None,
        timeout: float = 600.0,
    ) -> Completed:
        """Run a program with exactly that environment and wait for it.

        Raises EnvironmentFault TB5901 if it cannot be started, TB5902 if it outlives ``timeout`` (seconds); it and
        its children are then dead. A non-zero status is not an error here: the caller judges it.
        """


class Progress(Protocol):
    """Where long work says how far it is. Never part of a result."""

    def __call__(self, activity: str, done: int, total: int) -> None:
        """``done`` of ``total`` (bytes or items; 0: unknown) of a named activity."""


def silent(activity: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


class Fetcher(Protocol):
    """Brings bytes of known digest and size into the store. It cannot discover anything."""

    def fetch(
        self,
        items: tuple[LockedWheel | LockedSdist | LockedDeb | LockedArtifact, ...],
        store: Store,
        progress: Progress = silent,
    ) -> None:
        """Store every item that is not there yet, several at a time.

        Raises FetchError (network) or IntegrityError (bytes); what arrived whole stays stored.
        """


class Builder(Protocol):
    """Realises a derivation into an image whose blobs lie in the store."""

    def build(self, derivation: Derivation, progress: Progress = silent) -> Image:
        """Build, or take from the layer cache what is there. Raises BuildError, IntegrityError."""


class ReleaseArchive(Protocol):
    """Releases that are kept for years, each with all the blobs that it needs: a directory, or a registry's repository.

    Blobs come first and the record of a release last, so whoever looks meanwhile finds all of a release, or nothing.
    Several processes may add at once, and none takes away what another added.
    """

    @property
    def place(self) -> str:
        """How people name it."""

    @property
    def blobs(self) -> Blobs:
        """The blobs of its releases."""

    def names(self) -> tuple[Digest, ...]:
        """The digests of all releases, sorted, whether their entries are sound or not."""

    def kept(self, digest: Digest) -> Kept | None:
        """A release by its digest, or None where there is none. Raises IntegrityError TB9110 for a damaged entry."""

    def beside(self, digest: Digest) -> tuple[Finding, ...]:
        """What ``kept`` passed over: what else bears the release's name, and says nothing that can be read."""

    def content(self, kept: Kept) -> bytes:
        """The bytes of a release's record, checked. Raises IntegrityError TB9110 where they are missing or damaged."""

    def release(self, kept: Kept, *, anew: bool = False) -> ArchivedRelease:
        """The record of a release; ``anew``: from the archive itself, whatever is remembered of it.

        Raises IntegrityError TB9110, TB9111, UsageError TB9112.
        """

    def records(self, kept: Kept) -> frozenset[Digest]:
        """The blobs in which the record lies."""

    def missing(self, digests: Iterable[Digest]) -> frozenset[Digest]:
        """Those of them that are not there."""

    def fault(self, digest: Digest) -> tuple[tuple[str, str] | None, int]:
        """A code (TB9113, TB9114) and what is the matter with a blob, which is read whole; and its size in bytes."""

    def unneeded(self, needed: frozenset[Digest]) -> tuple[int, int]:
        """How many blobs are there besides those that are needed, and their bytes."""

    def bring(self, digest: Digest, size: int, opened: Callable[[], BinaryIO]) -> bool:
        """Have a blob there, of so many bytes; whether its bytes had to be brought.

        Raises IntegrityError TB3101 where what is opened has another digest.
        """

    def keep(self, record: ArchivedRelease, *, foreign: bool = False) -> tuple[ArchivedRelease, Kept, bool]:
        """Keep a release whose blobs are all there, joined with what is said of it; and whether that is the same.

        ``foreign``: it came from somewhere else, and may add to what is known of a release and replace nothing of it.
        """

    def updating(self) -> AbstractContextManager[None]:
        """Nobody else changes what is said of a release in the body, where the archive can see to that."""

    def pin(self, digest: Digest, reason: str) -> None:
        """Never prune a release, and say why."""

    def unpin(self, digest: Digest) -> None:
        """Let a release be pruned again."""

    def pinned(self, digest: Digest) -> str | None:
        """Why a release is never pruned; None where it may be."""

    def take_out(self, going: Sequence[Digest], *, wait: float) -> Taken:
        """Take out releases that were not pinned since, and what only they needed. ``wait`` in seconds for others."""

    def remembered(self) -> bytes | None:
        """What ``remember`` was given last: a cache, which may be gone."""

    def remember(self, content: bytes) -> None:
        """Remember something for the next process, where that is possible."""
