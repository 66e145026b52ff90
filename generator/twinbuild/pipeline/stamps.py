"""Whether an output directory is still as it was written: by the status of its files, without reading them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

from twinbuild.model.digest import Digest
from twinbuild.ports import Store

__all__ = ["remember_output", "unchanged_output"]

_KIND: Final = "output"


def remember_output(target: Path, store: Store, *, exclude: str) -> None:
    """Remember the status of every file below ``target`` but ``exclude``."""
    store.put_record(_KIND, _key(target), json.dumps(_stamps(target, exclude), sort_keys=True).encode())


def unchanged_output(target: Path, store: Store, *, exclude: str, expected: frozenset[str]) -> bool:
    """Whether the files below ``target`` are exactly ``expected`` and untouched since they were remembered."""
    record = store.record(_KIND, _key(target))
    if record is None or not target.is_dir():
        return False
    stamps = _stamps(target, exclude)
    return stamps.keys() == expected - {exclude} and json.loads(record) == stamps


def _key(target: Path) -> Digest:
    return Digest.of(os.fsencode(target.absolute()))


def _stamps(target: Path, exclude: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for directory, _, names in os.walk(target):
        for name in names:
            path = Path(directory, name)
            relative = path.relative_to(target).as_posix()
            if relative != exclude:
                status = path.lstat()
                found[relative] = [status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]
    return found
