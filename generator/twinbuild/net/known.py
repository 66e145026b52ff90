"""Digests of files that were read before, so that an unchanged tree costs one ``stat`` a file.

An entry answers only for the same device, inode, size, modification and change time. Two edits within one tick of a
file system's clock leave equal times (git calls such an entry racy), so a file is remembered only if it had been
left alone for two seconds when it was read; the change time can't be set back by ``touch``. Nothing of this reaches
a result: an entry that is absent or damaged only costs a read.
"""

from __future__ import annotations

import json
import os

from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.ports import Store

__all__ = ["Known"]

_KIND = "file-status"
_QUIET = 2_000_000_000  # nanoseconds; the coarsest clock of a common file system (FAT) ticks every two seconds
_FIELDS = 6


class Known:
    """What is known of the files below one directory. ``now`` is the wall clock in nanoseconds, read at the edge.

    ``now`` must have been read before the first file is: it decides only which files are remembered. None remembers
    and knows nothing.
    """

    def __init__(self, store: Store, directory: str, *, now: int | None) -> None:
        self._store = store
        self._key = Digest.of(os.fsencode(directory))
        self._now = now
        self._old = _load(store.record(_KIND, self._key)) if now is not None else {}
        self._new: dict[str, tuple[int, ...]] = {}
        self._digests: dict[str, Digest] = {}

    def digest(self, path: str, status: os.stat_result) -> Digest | None:
        """The digest of a file with that status, where it is known and its blob is in the store."""
        entry = self._old.get(path)
        if entry is None or entry[0] != _facts(status) or not self._store.has(entry[1]):
            return None
        self._new[path], self._digests[path] = entry
        return entry[1]

    def remember(self, path: str, status: os.stat_result, digest: Digest) -> None:
        """Note what was read from a file whose status was the same before and after."""
        if self._now is not None and max(status.st_mtime_ns, status.st_ctime_ns) + _QUIET <= self._now:
            self._new[path], self._digests[path] = _facts(status), digest

    def save(self) -> None:
        """Write the files that were asked for since the start; others are forgotten."""
        if self._now is None:
            return
        found = {path: (facts, self._digests[path]) for path, facts in self._new.items()}
        if found != self._old:
            listed = {path: [*facts, digest.hex] for path, (facts, digest) in found.items()}
            self._store.put_record(_KIND, self._key, json.dumps(listed, sort_keys=True).encode())


def _facts(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _load(record: bytes | None) -> dict[str, tuple[tuple[int, ...], Digest]]:
    try:
        listed = json.loads(record or b"{}")
        return {
            path: (tuple(map(int, facts[:-1])), Digest(facts[-1]))
            for path, facts in listed.items()
            if len(facts) == _FIELDS
        }
    except (ValueError, TypeError, AttributeError, RecursionError, IntegrityError):
        return {}
