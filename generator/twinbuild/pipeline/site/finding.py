"""Releases below directories: each that has a manifest.json and a release.digest."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from twinbuild.errors import UsageError

__all__ = ["releases_below"]

_MARKS: Final = frozenset({"manifest.json", "release.digest"})
_DEEPEST: Final = 4  # levels of directories: PROJECTS/NAME/dist/NAME-VERSION


def releases_below(places: Iterable[Path]) -> tuple[Path, ...]:
    """The directories of releases that are named, or lie below those that are named; each once, sorted.

    Links to directories are not followed, nor is a release looked into. Raises UsageError TB9401 for a place without
    a release.
    """
    found: dict[Path, None] = {}
    for place in places:
        here = tuple(_below(place, _DEEPEST))
        if not here:
            raise UsageError.of(
                "TB9401",
                f"{place} is no release, and no directory with releases in it",
                hint="name directories that `twinbuild release` wrote, or one above them",
                where=str(place),
            )
        found |= dict.fromkeys(each.resolve() for each in here)
    return tuple(sorted(found))


def _below(place: Path, deeper: int) -> Iterator[Path]:
    if all((place / name).is_file() for name in _MARKS):
        yield place
        return
    if not place.is_dir() or not deeper:
        return
    with os.scandir(place) as entries:
        directories = sorted(each.name for each in entries if each.is_dir(follow_symlinks=False))
    for name in directories:
        if not name.startswith("."):  # what a killed run left, or a tool keeps
            yield from _below(place / name, deeper - 1)
