"""The opened root of a store: reading names below it, and the checks before any work."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from twinbuild.errors import EnvironmentFault
from twinbuild.store import layout
from twinbuild.store.faults import translated
from twinbuild.store.files import Files
from twinbuild.store.locks import Locks

__all__ = ["Area", "Stamp", "hash_file", "stamp"]

_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a planted FIFO must not block
_LIST: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK: Final = 1 << 20

Stamp = tuple[int, int, int, int]


def stamp(status: os.stat_result) -> Stamp:
    """Inode, size, mtime and ctime in ns: the same stamp is the same untouched file."""
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def hash_file(descriptor: int) -> tuple[str, int]:
    """SHA-256 (64 hexadecimal digits) and size of what is in an opened file, from its first byte. Raises OSError."""
    digest, size = hashlib.sha256(), 0
    buffer = memoryview(bytearray(_CHUNK))
    os.lseek(descriptor, 0, os.SEEK_SET)
    while count := os.readv(descriptor, [buffer]):
        digest.update(buffer[:count])
        size += count
    return digest.hexdigest(), size


class Area:
    """A directory of the version that we know, opened, locked against deletion by others, and found writable.

    Names are relative to it; the directory stays the same one even if its path is swapped. Its methods raise OSError.
    ``reading``: it is there already, and may lie where nothing can be written; so it is neither made nor mended.
    """

    def __init__(
        self,
        root: Path,
        *,
        durable: bool,
        wait: float,
        before: Callable[[str, str], None] | None,
        form: layout.Form = layout.STORE,
        reading: bool = False,
    ) -> None:
        self.form: Final = form
        with translated(str(root), reading=reading, form=form):
            if not reading:
                root.mkdir(mode=0o755, parents=True, exist_ok=True)
            self.path: Final = Path(os.path.realpath(root))  # a symbolic link is followed once, here
            self.descriptor: Final = os.open(self.path, _LIST)
        faults = {} if before is None else {"before": before}
        self.files: Final = Files(self.descriptor, durable=durable, **faults)
        self.writing: Final[set[str]] = set()  # temporary files of this process
        with contextlib.ExitStack() as undo, translated(str(root), reading=reading, form=form):
            undo.callback(os.close, self.descriptor)
            if reading:
                self._require_version()
            else:
                self._look()
                self.files.make_directory("v1")
            self.locks: Final = Locks(self.descriptor, str(root), wait=wait, reading=reading)
            undo.callback(self.locks.close)
            if not reading:
                self._complete()
                with self.locks.alone() as alone:
                    if alone:
                        self.remove_abandoned()
            undo.pop_all()

    def close(self) -> None:
        """Let go of the directory and its locks."""
        self.locks.close()
        os.close(self.descriptor)

    def status(self, name: str) -> os.stat_result | None:
        """The status of a name itself (no link followed), or None if there is nothing."""
        try:
            return os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def open(self, name: str) -> int:
        """A descriptor for reading; no link is followed, and a FIFO doesn't block."""
        return os.open(name, _READ, dir_fd=self.descriptor)

    def content(self, name: str, *, limit: int) -> bytes | None:
        """The bytes of a regular file, or None if it has more than ``limit`` or is not one."""
        descriptor = self.open(name)
        with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123  a descriptor
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            chunks, left = [], limit + 1
            while left and (chunk := file.read(min(left, _CHUNK))):
                chunks.append(chunk)
                left -= len(chunk)
        return b"".join(chunks) if left else None

    def names(self, name: str) -> list[str]:
        """The sorted names in a directory; none if there is no such directory."""
        try:
            descriptor = os.open(name, _LIST, dir_fd=self.descriptor)
        except FileNotFoundError:
            return []
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ELOOP):
                return []
            raise
        try:
            return sorted(os.listdir(descriptor))  # noqa: PTH208  a descriptor
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def temporary(self) -> Iterator[tuple[int, str]]:
        """A new file to be written, sealed and renamed; removed at the end if it still has its temporary name."""
        descriptor, name = self.files.create()
        self.writing.add(name)
        try:
            yield descriptor, name
        finally:
            os.close(descriptor)
            with contextlib.suppress(OSError):  # what failed before counts; who opens the store next removes it
                if self.status(name) is not None:
                    self.files.remove(name)
            self.writing.discard(name)

    def publish(self, name: str, content: bytes, *, durable: bool = True) -> None:
        """Write a small file, replacing an older one at once."""
        with self.temporary() as (descriptor, temporary):
            self.files.write(descriptor, content)
            self.files.seal(descriptor, durable=durable)
            self.files.rename(temporary, name, durable=durable)

    def remove_abandoned(self) -> tuple[str, ...]:
        """Remove the temporary files of processes that are gone. Only while nobody else uses the store."""
        gone = tuple(
            name for each in self.names(layout.TEMPORARY) if (name := f"{layout.TEMPORARY}/{each}") not in self.writing
        )
        for name in gone:
            self.files.remove(name)
        return gone

    def _look(self) -> None:
        """Refuse what isn't a store that we can use, before anything is changed."""
        self._check(".")
        if self.status("v1") is not None:
            self._check("v1")
        if self.status(layout.VERSION) is not None:
            self._require_version()

    def _require_version(self) -> None:
        version = self.content(layout.VERSION, limit=4096)
        if version != self.form.version:
            raise EnvironmentFault.of(
                "TB3110",
                f"the {self.form.name} has version {(version or b'')[:60]!r}, expected {self.form.version!r}",
                hint="use the newer twinbuild, or another directory with TWINBUILD_STORE",
                where=str(self.path / layout.VERSION),
            )

    def _complete(self) -> None:
        """Make what is missing; under the lock, since others take away temporary files while they are alone."""
        for name in layout.DIRECTORIES:
            if self.status(name) is None:
                self.files.make_directory(name)
        if self.status(layout.VERSION) is None:
            self._found()

    def _found(self) -> None:
        """Write the version last, so that a store that has one is whole."""
        descriptor, name = self.files.create()
        try:
            self.files.write(descriptor, self.form.version)
            self.files.seal(descriptor)
        finally:
            os.close(descriptor)
        self.files.rename(name, layout.VERSION)

    def _check(self, name: str) -> None:
        status = os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        where = str(self.path / name)
        if not stat.S_ISDIR(status.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), where)
        if status.st_mode & stat.S_IWOTH:
            raise EnvironmentFault.of(
                "TB3109",
                f"anybody may write there (mode {stat.S_IMODE(status.st_mode):04o})",
                hint="run `chmod o-w` on it, or choose a directory of your own with TWINBUILD_STORE",
                where=where,
            )
        # The second build is told another user where there are no namespaces; the kernel knows who it really is.
        if status.st_uid not in (0, os.geteuid(), os.stat("/proc/self").st_uid):  # noqa: PTH116  os.stat as above
            raise EnvironmentFault.of(
                "TB3109",
                f"it belongs to user {status.st_uid}, who can change what is in it",
                hint="choose a directory of your own with TWINBUILD_STORE",
                where=where,
            )
        if os.statvfs(self.descriptor).f_flag & os.ST_RDONLY:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), where)
        if not os.access(name, os.W_OK | os.X_OK, dir_fd=self.descriptor, effective_ids=True):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES), where)
