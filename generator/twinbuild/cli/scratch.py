"""The directory for what is deleted again, of this user alone; what killed runs left in it goes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import struct
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from twinbuild.errors import EnvironmentFault

__all__ = ["scratch_directory", "scratch_in_use", "spread"]

_LOCK: Final = ".lock"
_GET_FLAGS, _SET_FLAGS = 0x80086601, 0x40086602  # FS_IOC_GETFLAGS, FS_IOC_SETFLAGS of <linux/fs.h>, on 64 bits
_TOP: Final = 0x00020000  # FS_TOPDIR_FL


def scratch_directory(environment: Mapping[str, str]) -> Path:
    """``twinbuild-UID`` below TMPDIR, made if it isn't there. Raises EnvironmentFault TB8003 if it is not ours."""
    temporary = Path(environment.get("TMPDIR") or "/tmp")  # noqa: S108  a private directory is made below it
    path = temporary / f"twinbuild-{os.getuid()}"
    try:
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
        status = path.lstat()
    except OSError as error:
        raise _unfit(temporary, f"cannot be used: {error.strerror}") from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise _unfit(path, "is not a directory that only you can write to")
    return path


@contextmanager
def scratch_in_use(environment: Mapping[str, str]) -> Iterator[Path]:
    """The directory, marked as in use; if nobody else uses it, what lies there was left by a killed run, and goes.

    Meanwhile all that ``tempfile`` makes without a place of its own is made there.

    Raises EnvironmentFault TB8003.
    """
    path = scratch_directory(environment)
    try:
        descriptor = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise _unfit(path, f"cannot be used: {error.strerror}") from error
    try:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _clear(path)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        spread(path)
        before, tempfile.tempdir = tempfile.tempdir, str(path)  # so that no killed run leaves anything elsewhere
        try:
            yield path
        finally:
            tempfile.tempdir = before
    finally:
        os.close(descriptor)


def spread(path: Path) -> None:
    """Have ext4 lay each directory that is made in this one elsewhere on the disk (``chattr +T``), where it can.

    Without a journal, as in small virtual machines, ext4 takes no inode that was deleted in the last minutes, and looks
    at every such one again for each file that is made beside them: a tree that is unpacked where another has just been
    removed takes twenty times as long. Other file systems have no such flag, and need none.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            (flags,) = struct.unpack_from("i", fcntl.ioctl(descriptor, _GET_FLAGS, bytes(8)))
            if not flags & _TOP:
                fcntl.ioctl(descriptor, _SET_FLAGS, struct.pack("ii", flags | _TOP, 0))
        finally:
            os.close(descriptor)


def _clear(path: Path) -> None:
    left = [entry for entry in path.iterdir() if entry.name != _LOCK]
    if left:
        from twinbuild.build.rootfs import discard

        for entry in left:
            if entry.is_dir() and not entry.is_symlink():
                discard(entry)
            else:
                entry.unlink()


def _unfit(path: Path, why: str) -> EnvironmentFault:
    return EnvironmentFault.of(
        "TB8003",
        f"the temporary directory {why}",
        hint="set TMPDIR to a directory that you can write to, and remove what lies there if it isn't yours",
        where=str(path),
    )
