"""Directories that paths imply."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["parents"]


def parents(paths: Iterable[str]) -> set[str]:
    """Every directory above one of these paths."""
    found: set[str] = set()
    for directory in {path.rpartition("/")[0] for path in paths}:
        above = directory
        while above and above not in found:
            found.add(above)
            above = above.rpartition("/")[0]
    return found
