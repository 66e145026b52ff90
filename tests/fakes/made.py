"""What is costly to make: made once for all processes of a run of tests, and whoever asks gets a copy of his own.

A fixture of the scope of a session is no such thing: each process has another one, and where modules import it, each
module.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Final

__all__ = ["PLACES", "copied"]

PLACES: Final[list[Path]] = []  # where it is made: below pytest's own directory for this run (tests/conftest.py)


def copied(key: Hashable, make: Callable[[Path], None], target: Path) -> Path:
    """Copy what ``make`` writes below a directory into ``target``; ``key`` says what that is."""
    place = PLACES[-1] / hashlib.sha256(repr(key).encode()).hexdigest()
    complete = place.with_suffix(".complete")
    with place.with_suffix(".lock").open("w") as lock:  # of whoever makes it: the others wait for him
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            make(place)
            complete.touch()
    shutil.copytree(place, target, symlinks=True, dirs_exist_ok=True)
    return target
