"""Taking turns at what an archive in a directory says of its releases: one process at a time changes it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from typing import Final

from twinbuild.errors import EnvironmentFault
from twinbuild.store.area import Area

__all__ = ["HINTS", "Turn"]

HINTS: Final = {
    "TB3107": "make room on the disk of the archive",
    "TB3110": "use the twinbuild that made the archive, or a newer one",
    "TB3111": "wait until the other twinbuild processes have ended",
    "TB3114": "put the archive on a file system with locks, such as ext4, XFS or NFSv4",
}
_UPDATING: Final = "v1/updating.lock"
_OPEN: Final = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_WAIT: Final = 60.0  # seconds that another process may change what is said of a release: it takes milliseconds
_PAUSE: Final = 0.01  # seconds between two tries of the lock


class Turn:
    """The lock of an archive that whoever changes what it says of a release holds, and readers do not."""

    def __init__(self, area: Area) -> None:
        self._area = area

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Nobody else changes anything in the body. Raises EnvironmentFault TB9102."""
        try:
            descriptor = os.open(_UPDATING, _OPEN, 0o644, dir_fd=self._area.descriptor)
        except OSError as error:
            raise self._unusable(f"{error.strerror}", "TB3114") from error
        try:
            self._wait(descriptor)
            yield
        finally:
            os.close(descriptor)

    def _wait(self, descriptor: int) -> None:
        """Whoever may read the archive may hold its lock, also one who never lets go of it."""
        end = time.monotonic() + _WAIT
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() < end:
                    time.sleep(_PAUSE)
                    continue
                why = f"another process changes what it says (waited {_WAIT:.0f} s)"
                raise self._unusable(why, "TB3111") from None
            except OSError as error:
                raise self._unusable(f"{error.strerror}", "TB3114") from error
            return

    def _unusable(self, why: str, hint: str) -> EnvironmentFault:
        message = f"the archive cannot be used: {why}"
        return EnvironmentFault.of("TB9102", message, hint=HINTS[hint], where=str(self._area.path))
