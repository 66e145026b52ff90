"""Taking turns in a directory: one process at a time changes what lies there, and nobody waits for it for ever.

Whoever may read a directory may lock it, also one who never lets go. So the wait has an end, and says who it is.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Final

from twinbuild.errors import EnvironmentFault

__all__ = ["LONG", "alone_if_there", "alone_in", "alone_with", "holder_of"]

LONG: Final = 180.0
"""Seconds to wait for who may be waiting for somebody to touch a token, for which a signer has two minutes."""
_WAIT: Final = 60.0  # seconds: what is done within takes milliseconds
_PAUSE: Final = 0.01  # seconds between two tries of the lock
_LOCKS: Final = Path("/proc/locks")


@contextmanager
def alone_in(directory: Path, *, wait: float = _WAIT) -> Iterator[None]:
    """While the context lasts, no other process that asks is in a directory.

    It is the directory that lies there when the turn has come: another one may have taken its place meanwhile. Raises
    OSError where there is none, EnvironmentFault TB8023 where somebody holds it for longer than ``wait`` seconds.
    """
    end = time.monotonic() + wait
    while True:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _lock(descriptor, directory, end, wait)
            if os.path.samestat(os.fstat(descriptor), directory.stat()):
                yield
                return
        finally:
            os.close(descriptor)


def alone_if_there(directory: Path) -> AbstractContextManager[None]:
    """The same where there is a directory: for who is about to put another one in its place. Raises as ``alone_in``."""
    return alone_in(directory) if directory.is_dir() else nullcontext()


@contextmanager
def alone_with(path: Path, *, wait: float = _WAIT) -> Iterator[None]:
    """The same by a file that is there for this alone, and is made where it is missing. Raises as ``alone_in``."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _lock(descriptor, path, time.monotonic() + wait, wait)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path, end: float, wait: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < end:
                time.sleep(_PAUSE)
                continue
            raise EnvironmentFault.of(
                "TB8023",
                f"{holder_of(descriptor)} holds the lock of {path} (waited {wait:.0f} s)",
                hint="run it again when that one has ended; whoever may read a directory may hold its lock",
                where=str(path),
            ) from None
        return


def holder_of(descriptor: int) -> str:
    """Who holds a lock, as far as this machine's kernel says it (proc_locks(5))."""
    inode = str(os.fstat(descriptor).st_ino)
    try:
        lines = [line.split() for line in _LOCKS.read_text().splitlines()]
        pids = {each[4] for each in lines if each[1] == "FLOCK" and each[5].rpartition(":")[2] == inode}
        (pid,) = pids - {"0", "-1", str(os.getpid())}  # of another name space, or of another machine
        return f"process {pid} ({Path('/proc', pid, 'comm').read_text().strip()})"
    except (OSError, ValueError, IndexError):
        return "another process"
