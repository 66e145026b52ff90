"""The store on disk: blobs under their digest, records under a key. See ``layout`` for where and ``files`` for how."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, Self

from twinbuild.codec.amounts import counted
from twinbuild.errors import EnvironmentFault, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.store import layout
from twinbuild.store.area import Area, Stamp, hash_file, stamp
from twinbuild.store.faults import after_commit, damaged, misplaced, missing, other_bytes, translated, unreadable
from twinbuild.store.roots import Roots
from twinbuild.store.stream import verifying

__all__ = ["DiskStore"]

_GATHER: Final = 1 << 18  # bytes of small writes that go to disk together
_RECORD_LIMIT: Final = 64 << 20
_Options = tuple[bool, bool, float, layout.Form, bool]
_KINDS: Final = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
)


class DiskStore:
    """A store below ``root``, which is made if it isn't there.

    ``durable=False`` leaves out fsync: for scratch stores only. ``paranoid`` hashes each blob once in this process even
    if its file hasn't changed since it was hashed before. ``wait`` is how many seconds to wait while another process
    deletes. ``before`` is called before every change on disk (tests inject faults there). ``form`` is what the
    directory calls itself: a store, or something else that keeps blobs so. ``reading``: it is neither made nor mended.

    Before any work raises EnvironmentFault TB3107 (full), TB3108 (not writable), TB3109 (writable by everybody), TB3110
    (newer), TB3111 (in use), TB3114 (no locks). Methods raise TB3107-8 where they write, TB3105 where they read.
    """

    def __init__(
        self,
        root: Path,
        *,
        durable: bool = True,
        paranoid: bool = False,
        wait: float = 60.0,
        before: Callable[[str, str], None] | None = None,
        form: layout.Form = layout.STORE,
        reading: bool = False,
    ) -> None:
        self._options = (durable, paranoid, wait, form, reading)
        self._paranoid = paranoid
        self.area: Final = Area(root, durable=durable, wait=wait, before=before, form=form, reading=reading)
        self.roots: Final = Roots(self.area)
        self.used: Final[set[Digest]] = set()  # what this process asked for or stored: it doesn't delete that
        self._known: dict[Digest, Stamp] = {}  # hashed by this process
        self._open = True

    def close(self) -> None:
        """Let go of the store, so that others may delete from it. It cannot be used afterwards."""
        if self._open:
            self._open = False
            self.area.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Callable[..., DiskStore], tuple[Path, _Options]]:
        return _again, (self.area.path, self._options)  # a worker process opens the store for itself

    def has(self, digest: Digest) -> bool:
        """Whether a regular file lies under that name (whatever else does, ``writer`` replaces)."""
        self.used.add(digest)
        with translated(str(digest), reading=True, form=self.area.form):
            status = self.area.status(layout.blob_name(digest))
        return status is not None and stat.S_ISREG(status.st_mode)

    def size(self, digest: Digest) -> int:
        """Size in bytes. Raises LockError TB3102, IntegrityError TB3104."""
        return self._regular(digest).st_size

    def open(self, digest: Digest) -> BinaryIO:
        """A seekable stream that checks the digest as it is read. Raises LockError TB3102, IntegrityError TB3103-4."""
        return verifying(self._raw(digest), digest, form=self.area.form)

    def read(self, digest: Digest, *, limit: int = 64 << 20) -> bytes:
        """A whole document, checked. Raises LockError TB3102, IntegrityError TB3103-4."""
        with self._raw(digest) as raw, translated(str(digest), reading=True, form=self.area.form):
            content = raw.read(limit + 1)
            while len(content) <= limit and (more := raw.read(limit + 1 - len(content))):
                content += more
        if len(content) > limit:
            raise damaged(digest, f"more than {limit} bytes, which a document may not have", form=self.area.form)
        actual = Digest.of(content)
        if actual != digest:
            raise damaged(digest, f"{counted(len(content), 'byte')} with the digest {actual}", form=self.area.form)
        return content

    def check(self, digest: Digest) -> None:
        """Hash the blob unless this very file (inode, size, times) was hashed before. Raises as ``open``.

        What was hashed is remembered on disk, so that a warm run only asks for the status of a file.
        """
        found = stamp(self._regular(digest))
        if self._known.get(digest) == found:
            return
        if self._paranoid or self._remembered(digest) != found:
            with self._raw(digest) as raw, translated(str(digest), reading=True, form=self.area.form):
                found = stamp(os.fstat(raw.fileno()))
                actual, size = hash_file(raw.fileno())
            if actual != digest.hex:
                raise damaged(digest, f"{counted(size, 'byte')} with the digest sha256:{actual}", form=self.area.form)
            self._remember(digest, found)
        self._known[digest] = found

    def path(self, digest: Digest) -> Path:
        """Where the blob lies. Raises LockError TB3102, IntegrityError TB3104."""
        self._regular(digest)
        return self.area.path / layout.blob_name(digest)

    @contextlib.contextmanager
    def writer(self) -> Iterator[_Writer]:
        """A new blob; leaving the context without ``commit`` leaves nothing."""
        with contextlib.ExitStack() as stack:
            with translated(str(self.area.path), form=self.area.form):
                descriptor, name = stack.enter_context(self.area.temporary())
            yield _Writer(self, descriptor, name)

    def put(self, content: bytes) -> Digest:
        """Store a document and return its digest; a damaged blob of that name is replaced."""
        digest = Digest.of(content)
        if not self.intact(digest, len(content)):
            with self.writer() as writer:
                writer.write(content)
                writer.commit()
        return digest

    def record(self, kind: str, key: Digest) -> bytes | None:
        """A record as it was written, or None; one that is damaged or cannot be read counts as none."""
        try:
            stored = self.area.content(layout.record_name(kind, key), limit=_RECORD_LIMIT)
        except OSError:
            return None
        return None if stored is None else layout.decode_record(stored)

    def put_record(self, kind: str, key: Digest, content: bytes) -> None:
        """Write a record, replacing an older one at once."""
        self._put_record(kind, key, content, durable=True)

    def blobs(self) -> Iterator[Digest]:
        """All blob names, sorted; foreign files are passed over."""
        for shard in self.area.names(layout.BLOBS):
            if len(shard) == 2:
                for rest in self.area.names(f"{layout.BLOBS}/{shard}"):
                    if (digest := layout.digest_at(shard, rest)) is not None:
                        yield digest

    def keep(self, name: str, digests: Iterable[Digest], *, origin: Path | None = None) -> None:
        """Protect blobs under a name; see ``Roots.put``, which this spares where nothing changed."""
        self.roots.keep(name, digests, origin=origin)

    def kept(self, prefix: str) -> tuple[str, ...]:
        """The names of roots that begin so, sorted."""
        return tuple(name for name in self.roots.names() if name.startswith(prefix))

    def unkeep(self, name: str) -> None:
        """No longer protect blobs; see ``Roots.remove``."""
        self.roots.remove(name)

    def intact(self, digest: Digest, size: int) -> bool:
        """Whether the blob is there, has that size, and is (or was, in this very file) hashed and right."""
        try:
            if self.size(digest) != size:
                return False
            self.check(digest)
        except TwinbuildError:  # whatever is wrong with it, it's going to be replaced
            return False
        return True

    def publish(self, digest: Digest, descriptor: int, temporary: str, size: int) -> None:
        """Give a written file its name, unless the same bytes have it already."""
        self.used.add(digest)
        if self.intact(digest, size):
            return
        name = layout.blob_name(digest)
        self.area.files.seal(descriptor)
        status = self.area.status(name)
        if status is not None and stat.S_ISDIR(status.st_mode):
            self.quarantine(name)
        self.area.files.rename(temporary, name)
        found = stamp(os.fstat(descriptor))
        self._remember(digest, found)
        self._known[digest] = found

    def quarantine(self, name: str) -> str:
        """Move something aside, never overwriting what lies there. Returns its new name."""
        base = name.removeprefix("v1/").replace("/", "-")
        target, count = f"{layout.QUARANTINE}/{base}", 0
        while self.area.status(target) is not None:
            count += 1
            target = f"{layout.QUARANTINE}/{base}.{count}"
        self.area.files.rename(name, target)
        return target

    def _regular(self, digest: Digest) -> os.stat_result:
        self.used.add(digest)
        with translated(str(digest), reading=True, form=self.area.form):
            status = self.area.status(layout.blob_name(digest))
        if status is None:
            raise missing(digest, form=self.area.form)
        if not stat.S_ISREG(status.st_mode):
            raise misplaced(digest, kind_of(status.st_mode), form=self.area.form)
        return status

    def _raw(self, digest: Digest) -> BinaryIO:
        self._regular(digest)
        try:
            descriptor = self.area.open(layout.blob_name(digest))
        except FileNotFoundError:
            raise missing(digest, form=self.area.form) from None
        except OSError as error:
            raise unreadable(str(digest), error, form=self.area.form) from error
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            os.close(descriptor)
            raise misplaced(digest, kind_of(mode), form=self.area.form)
        return open(descriptor, "rb", buffering=0)  # noqa: PTH123  a descriptor

    def _remembered(self, digest: Digest) -> Stamp | None:
        content = self.record(layout.VERIFIED, digest)
        if content is None or len(parts := content.split()) != 4 or not all(part.isdigit() for part in parts):
            return None
        inode, size, modified, changed = (int(part) for part in parts)
        return inode, size, modified, changed

    def _remember(self, digest: Digest, found: Stamp) -> None:
        with contextlib.suppress(EnvironmentFault):  # a full disk must not keep us from reading
            self._put_record(layout.VERIFIED, digest, " ".join(map(str, found)).encode(), durable=False)

    def _put_record(self, kind: str, key: Digest, content: bytes, *, durable: bool) -> None:
        name = layout.record_name(kind, key)
        with translated(str(self.area.path / name), form=self.area.form):
            self.area.publish(name, layout.encode_record(content), durable=durable)


class _Writer:
    """A blob in the making: hashed as it passes, small writes gathered."""

    def __init__(self, store: DiskStore, descriptor: int, name: str) -> None:
        self._store, self._descriptor, self._name = store, descriptor, name
        self._hash = hashlib.sha256()
        self._size = 0
        self._gathered = bytearray()
        self._committed = False

    def write(self, chunk: bytes | bytearray | memoryview) -> int:
        """Append bytes and return how many."""
        if self._committed:
            raise after_commit()
        view = memoryview(chunk).cast("B")
        self._hash.update(view)
        self._size += len(view)
        if len(self._gathered) + len(view) < _GATHER:
            self._gathered += view
        else:
            self._flush()
            with translated(str(self._store.area.path), form=self._store.area.form):
                self._store.area.files.write(self._descriptor, view)
        return len(view)

    def commit(self, expected: Digest | None = None) -> tuple[Digest, int]:
        """Give the blob its name; digest and size. Raises IntegrityError TB3101 if ``expected`` differs."""
        if self._committed:
            raise after_commit()
        digest = Digest(self._hash.hexdigest())
        if expected is not None and digest != expected:
            raise other_bytes(digest, self._size, expected)
        self._flush()
        self._committed = True
        with translated(str(self._store.area.path), form=self._store.area.form):
            self._store.publish(digest, self._descriptor, self._name, self._size)
        return digest, self._size

    def _flush(self) -> None:
        with translated(str(self._store.area.path), form=self._store.area.form):
            self._store.area.files.write(self._descriptor, self._gathered)
        self._gathered = bytearray()


def kind_of(mode: int) -> str:
    """What lies there, for a message."""
    return next((text for test, text in _KINDS if test(mode)), "a device")


def _again(root: Path, options: _Options) -> DiskStore:
    durable, paranoid, wait, form, reading = options
    return DiskStore(root, durable=durable, paranoid=paranoid, wait=wait, form=form, reading=reading)
