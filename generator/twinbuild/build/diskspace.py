"""How much a command writes into its root. Standard library only: part of the sandbox's launcher."""

from __future__ import annotations

import os
import time

RESERVE = 256 << 20  # bytes that a command leaves free on the file system


def used(directory: str) -> int:
    """Bytes that files below a directory take. What vanishes meanwhile counts as nothing; no link is followed."""
    total = 0
    waiting = [directory]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as found:
                for entry in found:
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except OSError:
                        continue
                    total += status.st_blocks * 512 // max(1, status.st_nlink)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:
            continue
    return total


class Watch:
    """A limit in bytes on what is added below a directory, and the file system's last reserve."""

    def __init__(self, directory: str, limit: int) -> None:
        self._directory = directory
        self._limit = limit
        self._before = used(directory)
        self._again = 0.0
        self._scarce = self._free() < RESERVE  # it was so before: then it says nothing about the command

    def _free(self) -> int:
        status = os.statvfs(self._directory)
        return status.f_bavail * status.f_frsize

    def exceeded(self) -> bool:
        """Whether the command wrote too much. Many files take seconds to count: a fifth of the time at most."""
        if not self._scarce and self._free() < RESERVE:
            return True
        began = time.monotonic()
        if began < self._again:
            return False
        wrote = used(self._directory) - self._before
        ended = time.monotonic()
        self._again = ended + 4 * (ended - began)
        return wrote > self._limit
