"""What a target would have to be so that one of some wheels fits it: another Python, a newer glibc, another machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from twinbuild.model.lock import PythonEnvironment
from twinbuild.model.platform import SUPPORTED, Platform
from twinbuild.wheel.tags import choose, supported_tags

__all__ = ["fitting_glibc", "fitting_machines", "fitting_pythons"]

_MINORS: Final = range(6, 31)  # of Python 3: those that any wheel is for, and some to come
_GLIBC: Final = range(5, 61)  # of glibc 2


def fitting_pythons(filenames: Iterable[str], python: PythonEnvironment, platform: Platform) -> tuple[str, ...]:
    """The versions of CPython, oldest first, for which one of the wheels is, on that platform with that glibc."""
    names = tuple(filenames)
    others = (replace(python, version=f"3.{minor}.0") for minor in _MINORS)
    return tuple(other.minor for other in others if choose(names, supported_tags(other, platform)) is not None)


def fitting_glibc(filenames: Iterable[str], python: PythonEnvironment, platform: Platform) -> str:
    """The oldest glibc with which one of the wheels fits that Python; "" where none does."""
    names = tuple(filenames)
    for minor in _GLIBC:
        if choose(names, supported_tags(replace(python, glibc=f"2.{minor}"), platform)) is not None:
            return f"2.{minor}"
    return ""


def fitting_machines(filenames: Iterable[str], python: PythonEnvironment) -> tuple[str, ...]:
    """The machines for which one of the wheels is, of those that images are built for."""
    names = tuple(filenames)
    platforms = (Platform.parse(name) for name in SUPPORTED)
    newest = replace(python, glibc=f"2.{_GLIBC[-1]}")
    return tuple(each.machine for each in platforms if choose(names, supported_tags(newest, each)) is not None)
