"""The status of a file as a sign that it was not touched, and how far the sign can be trusted.

Two changes within one tick of a file system's clock leave the same times (git calls such an entry racy). So a status
vouches for a file only if the file had been left alone for longer than a tick when it was looked at; until then its
bytes must be looked at again. The change time can't be set back by ``touch``.
"""

from __future__ import annotations

import hashlib
import os
import stat
from typing import Final

__all__ = ["Facts", "contents_digest", "facts_of", "settled", "settles_at"]

Facts = tuple[int, ...]  # () where nothing lies; seven numbers, and for a link seven more of what it leads to

_FINE: Final = 20_000_000  # ns: twice the tick of the slowest kernel (100 Hz), which stamps with its full resolution
_COARSE: Final = 2_000_000_000  # ns: FAT; whole milliseconds are taken as the sign of a coarse clock
_NUMBERS: Final = 7


def facts_of(path: str) -> Facts:
    """Device, inode, mode, owner, size, modification and change time of a path, and of what it leads to if a link."""
    try:
        status = os.lstat(path)
        found = _facts(status)
        return found + _facts(os.stat(path)) if stat.S_ISLNK(status.st_mode) else found  # noqa: PTH116  start-up is measured
    except OSError:  # nothing there, or nothing that can be reached
        return ()


def _facts(status: os.stat_result) -> Facts:
    return (
        status.st_dev,
        status.st_ino,
        status.st_mode,
        status.st_uid,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def settles_at(facts: Facts) -> int:
    """From when on (ns since 1970) these facts vouch for the bytes. What is not there is settled."""
    moments = [0]
    for start in range(0, len(facts), _NUMBERS):
        modified, changed = facts[start + _NUMBERS - 2 : start + _NUMBERS]
        moments.append(max(modified, changed) + (_FINE if changed % 1_000_000 else _COARSE))
    return max(moments)


def settled(facts: Facts, seen: int) -> bool:
    """Whether facts that were gathered at ``seen`` (ns since 1970) vouch for the bytes."""
    return settles_at(facts) < seen


def contents_digest(path: str) -> str:
    """SHA-256 (64 hexadecimal digits) of a regular file, or "" if there is none that can be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a FIFO must not block
        with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123  a descriptor
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return ""
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
