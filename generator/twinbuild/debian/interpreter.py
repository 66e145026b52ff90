"""Python and the C library in a closure: which packages bring them, and which versions they are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from twinbuild.debian.pool import Pool
from twinbuild.debian.version import sort_key, upstream
from twinbuild.errors import Location, LockError
from twinbuild.model.lock import LockedDeb

__all__ = ["glibc_version", "python_packages", "python_version"]

_PYTHON: Final = re.compile(r"python(3\.[0-9]+)", re.ASCII)
_GLIBC: Final = re.compile(r"2\.[0-9]+", re.ASCII)
# What Python needs at run time but does not depend on: certificates for ssl, time zones for zoneinfo, the names of
# protocols and services for socket, and the C++ library that manylinux wheels may expect of every system (PEP 600).
_COMPANIONS: Final = ("ca-certificates", "libstdc++6", "netbase", "tzdata")


def python_packages(python: str, pool: Pool) -> tuple[str, ...]:
    """The packages that run a virtual environment of a minor version such as ``3.11``, sorted.

    ``python3.11`` depends on the whole standard library with ssl, sqlite3, ctypes, lzma and the like; pip, venv and
    ensurepip are not needed in an image. Raises LockError TB2134 for a Python that the suites lack.
    """
    there = sorted(
        {match[1] for name in pool.names() if (match := _PYTHON.fullmatch(name))}, key=lambda minor: int(minor[2:])
    )
    if python not in there:
        raise LockError.of(
            "TB2134",
            f"the suites have no Python {python!r}; they have {', '.join(there) or 'none'}",
            hint="name a Python that the suite has, or another suite",
            where=Location(pointer="/environment/python"),
        )
    return tuple(sorted((f"python{python}", *_COMPANIONS)))


def glibc_version(debs: Iterable[LockedDeb]) -> str:
    """``2.36``: the C library's version, of the package libc6. Raises LockError TB2135 if the closure has none."""
    for deb in debs:
        if deb.name == "libc6" and (match := _GLIBC.match(upstream(deb.version))):
            return match[0]
    raise _lacks("the C library (libc6)")


def python_version(debs: Iterable[LockedDeb], minor: str = "") -> str:
    """``3.11.2``: the full version of the interpreter; of the newest where there are several and no ``minor`` is given.

    A release candidate is spelled as Python does: ``3.14.0rc1``. Raises LockError TB2135 if the closure has none.
    """
    found = [
        deb
        for deb in debs
        if (match := _PYTHON.fullmatch(deb.name.removesuffix("-minimal"))) and minor in {"", match[1]}
    ]
    if not found:
        raise _lacks(f"Python {minor}".strip())
    newest = max(found, key=lambda deb: sort_key(deb.version))
    return upstream(newest.version).replace("~", "")


def _lacks(what: str) -> LockError:
    return LockError.of(
        "TB2135",
        f"the packages hold no {what}",
        hint="state environment.python, and a base that has it",
        where="environment.base",
    )
