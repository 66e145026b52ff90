"""Every change that a store makes on disk goes through here: the place to read for durability, and to inject faults.

The steps of a blob, in this order: create under ``tmp/`` (same file system), write, fsync, mode 0444, rename to its
name, fsync of the directory that got it. A directory that is new is synced into its parent before it is used. So after
a power cut a name never stands for missing bytes, and what was acknowledged is there.

``durable=False`` leaves out the fsyncs (atomicity towards other processes and ``kill -9`` stays): for scratch stores
which are thrown away with the machine's crash anyway, such as that of the second build.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable
from typing import Final

from twinbuild.store.layout import TEMPORARY

__all__ = ["FILE_MODE", "Files"]

FILE_MODE: Final = 0o444
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CREATE: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def _nothing(operation: str, name: str) -> None:
    """No fault is injected."""


class Files:
    """Changes below one opened directory, so that a root whose path is swapped later is not followed.

    ``before(operation, name)`` is called before every single change; it may raise OSError or end the process.
    Raises OSError; the store translates.
    """

    def __init__(self, root: int, *, durable: bool = True, before: Callable[[str, str], None] = _nothing) -> None:
        self._root = root
        self._durable = durable
        self._before = before

    def make_directory(self, name: str) -> None:
        """Make a directory whose parent exists; one that is there already is fine."""
        self._before("mkdir", name)
        try:
            os.mkdir(name, 0o755, dir_fd=self._root)
        except FileExistsError:
            return
        self.sync_directory(os.path.dirname(name) or ".")  # noqa: PTH120  names below a descriptor are text

    def create(self) -> tuple[int, str]:
        """A new empty file under ``tmp/``: its descriptor and name."""
        name = f"{TEMPORARY}/{os.getpid()}-{secrets.token_hex(8)}"
        self._before("create", name)
        return os.open(name, _CREATE, 0o600, dir_fd=self._root), name

    def write(self, descriptor: int, chunk: bytes | bytearray | memoryview) -> None:
        """Append all of ``chunk``."""
        rest = memoryview(chunk).cast("B")
        while rest:
            self._before("write", "")
            rest = rest[os.write(descriptor, rest) :]

    def seal(self, descriptor: int, *, durable: bool = True) -> None:
        """The bytes to the disk, then the mode that a finished file has."""
        if self._durable and durable:
            self._before("fsync", "")
            os.fsync(descriptor)
        self._before("chmod", "")
        os.fchmod(descriptor, FILE_MODE)

    def set_mode(self, name: str, mode: int) -> None:
        """Change the mode of a regular file that is there."""
        self._before("chmod", name)
        descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._root)
        try:
            os.chmod(f"/proc/self/fd/{descriptor}", mode)  # noqa: PTH101  what was opened, not what is named so by now
        finally:
            os.close(descriptor)

    def rename(self, source: str, target: str, *, durable: bool = True) -> None:
        """Give a finished file its name, replacing what is there at once; makes the target's missing directories."""
        self._before("rename", target)
        try:
            os.rename(source, target, src_dir_fd=self._root, dst_dir_fd=self._root)
        except FileNotFoundError:
            parent = os.path.dirname(target)  # noqa: PTH120
            self._make_all(parent)
            self._before("rename", target)
            os.rename(source, target, src_dir_fd=self._root, dst_dir_fd=self._root)
        if durable:
            self.sync_directory(os.path.dirname(target) or ".")  # noqa: PTH120

    def remove(self, name: str) -> None:
        """Remove a file; one that is gone already is fine."""
        self._before("unlink", name)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._root)

    def sync_directory(self, name: str) -> None:
        """The names in a directory to the disk."""
        if not self._durable:
            return
        self._before("fsync", name)
        descriptor = os.open(name, _DIRECTORY, dir_fd=self._root)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _make_all(self, name: str) -> None:
        parts = name.split("/")
        for count in range(1, len(parts) + 1):
            self.make_directory("/".join(parts[:count]))
