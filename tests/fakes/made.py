"""What is costly to make: made once in a process of tests, and whoever asks gets a copy of his own.

A fixture of the scope of a session is no such thing where modules import it: each module has another one then.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Final

__all__ = ["PLACES", "copied"]

PLACES: Final[list[Path]] = []  # where it is made: pytest's own directory for this process (tests/conftest.py)
_MADE: Final[dict[Hashable, Path]] = {}


def copied(key: Hashable, make: Callable[[Path], None], target: Path) -> Path:
    """Copy what ``make`` writes below a directory into ``target``; ``key`` says what that is."""
    if key not in _MADE:
        place = Path(tempfile.mkdtemp(dir=PLACES[-1]))
        make(place)
        _MADE[key] = place
    shutil.copytree(_MADE[key], target, symlinks=True, dirs_exist_ok=True)
    return target
