"""Who uses a store, and who may delete from it.

Every process that uses a store holds ``lock`` shared until it ends (the kernel lets go of it, however it ends).
Deleting and repairing need it exclusively, so that nothing is taken away under a running build. ``gc.lock`` is taken
first, so that two who want to delete never stand in each other's way while one waits for the other's shared lock.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from twinbuild.errors import EnvironmentFault
from twinbuild.store.layout import COLLECTOR_LOCK, LOCK

__all__ = ["Locks"]

_PAUSE: Final = 0.02  # seconds between two tries
_NONE: Final = -1  # in place of a descriptor
_UNSUPPORTED: Final = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_OPEN: Final = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class Locks:
    """The two locks of one opened store. Raises EnvironmentFault TB3111 (in use), TB3114 (no locks here), OSError.

    ``reading``: the files are opened as they are, for where nothing can be written, locks may be taken all the same.
    One that is not there is done without: they are empty, and copies may leave such files out. Whoever writes makes it.
    """

    def __init__(self, root: int, path: str, *, wait: float, reading: bool = False) -> None:
        self._path = path
        self._mutex = threading.Lock()
        self._user = self._collector = _NONE
        try:
            self._user = _opened(LOCK, root, reading=reading)
            self._collector = _opened(COLLECTOR_LOCK, root, reading=reading)
            if self._user != _NONE:
                self._take(self._user, fcntl.LOCK_SH, wait)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of both."""
        for descriptor in (self._user, self._collector):
            if descriptor != _NONE:
                os.close(descriptor)

    @contextmanager
    def exclusive(self, *, wait: float) -> Iterator[None]:
        """Nobody else uses the store in the body. Waits up to ``wait`` seconds."""
        assert _NONE not in (self._user, self._collector), "who only reads deletes nothing"
        with self._mutex:
            self._take(self._collector, fcntl.LOCK_EX, wait)
            try:
                try:
                    self._take(self._user, fcntl.LOCK_EX, wait)
                    yield
                finally:
                    self._take(self._user, fcntl.LOCK_SH, wait=3600)  # a failed conversion has lost the shared lock
            finally:
                fcntl.flock(self._collector, fcntl.LOCK_UN)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether nobody else uses the store at this moment; if so, nobody begins to in the body."""
        try:
            with self.exclusive(wait=0):
                yield True
                return
        except EnvironmentFault as error:
            if error.findings[0].code != "TB3111":
                raise
        yield False

    def _take(self, descriptor: int, kind: int, wait: float) -> None:
        end = time.monotonic() + wait
        while not _try(descriptor, kind, self._path):
            if time.monotonic() >= end:
                raise EnvironmentFault.of(
                    "TB3111",
                    f"the store is in use by another process (waited {wait:.0f} s)",
                    hint="wait until the other twinbuild processes have ended",
                    where=self._path,
                )
            time.sleep(_PAUSE)


def _opened(name: str, root: int, *, reading: bool) -> int:
    """A lock's file, made where it is missing; for reading ``_NONE`` then."""
    try:
        return os.open(name, _READ if reading else _OPEN, 0o644, dir_fd=root)
    except FileNotFoundError:
        if not reading:
            raise
        return _NONE


def _try(descriptor: int, kind: int, path: str) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        raise EnvironmentFault.of(
            "TB3114",
            f"this file system has no locks: {os.strerror(error.errno)}",
            hint="put the store on a local file system with TWINBUILD_STORE",
            where=path,
        ) from error
    return True
