"""Directories in which a packed twinbuild may write hold no program of its that would run as the user.

In its sandbox no set-user-ID bit works. But what it writes belongs to the user outside, and there the bit does work for
whoever else can reach the file. So such bits that came while it ran are taken off when it has ended.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["without_set_id"]

_SET_ID: Final = stat.S_ISUID | stat.S_ISGID


@contextmanager
def without_set_id(directories: tuple[str, ...]) -> Iterator[None]:
    """Afterwards no regular file below these directories has a set-id bit that was written in the body.

    What was so before, and was left alone, stays as it is. Directories of the user that cannot be read are passed over,
    those that the body closed are opened. No link is followed.
    """
    before = {directory: _moment(directory) for directory in directories}
    try:
        yield
    finally:
        for directory, moment in before.items():
            _strip(directory, moment)


def _moment(directory: str) -> int:
    """Now, in nanoseconds as the clock of that file system has it; 0 where nothing can be written there."""
    try:
        with tempfile.TemporaryFile(dir=directory) as probe:
            return os.fstat(probe.fileno()).st_ctime_ns
    except OSError:
        return 0


def _strip(directory: str, moment: int) -> None:
    waiting = [directory]
    while waiting:
        for entry in _entries(waiting.pop(), moment):
            with contextlib.suppress(OSError):  # somebody else takes it away
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    waiting.append(entry.path)
                elif stat.S_ISREG(status.st_mode) and status.st_mode & _SET_ID and status.st_ctime_ns >= moment:
                    os.chmod(entry.path, stat.S_IMODE(status.st_mode) & ~_SET_ID)  # noqa: PTH101


def _entries(place: str, moment: int) -> list[os.DirEntry[str]]:
    """What a directory has; one that was closed while the program ran is opened to its owner."""
    with contextlib.suppress(OSError):
        status = os.lstat(place)
        if stat.S_IMODE(status.st_mode) & stat.S_IRWXU != stat.S_IRWXU and status.st_ctime_ns >= moment:
            os.chmod(place, stat.S_IMODE(status.st_mode) | stat.S_IRWXU)  # noqa: PTH101
        with os.scandir(place) as entries:
            return list(entries)
    return []
