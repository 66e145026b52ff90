"""Whether a version is affected, by OSV's evaluation algorithm and the order of versions of each ecosystem.

PyPI orders by PEP 440, Debian and Ubuntu as dpkg does, others (crates.io, npm, Go) by SemVer 2.0.0. A local version of
PyPI (``2.13.0+cpu``) is a build of the version before the plus sign, and is compared as that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from twinbuild.debian.version import sort_key
from twinbuild.errors import TwinbuildError
from twinbuild.model.vulnerability import AdvisoryPackage, Event, Range

__all__ = ["Undecided", "fixed_versions", "is_affected", "order_of"]

_Key = Callable[[str], Any]
_SEMVER: Final = re.compile(
    r"v?(0|[1-9]\d{0,17})\.(0|[1-9]\d{0,17})\.(0|[1-9]\d{0,17})(?:-([0-9A-Za-z.-]{1,200}))?(?:\+[0-9A-Za-z.-]{1,200})?",
    re.ASCII,
)
_ZERO: Final = "0"  # of introduced: before every version
_PLACES: Final = {"fixed": 0, "introduced": 1, "last_affected": 2}  # of one version, in this order
_EVER: Final = "*"  # of limit: after every version


class Undecided(Exception):
    """A version cannot be compared; the text says which."""


def order_of(ecosystem: str) -> _Key:
    """What makes of a version a value that orders as the ecosystem orders versions; it raises Undecided."""
    match ecosystem.partition(":")[0]:
        case "PyPI":
            return _pep440
        case "Debian" | "Ubuntu":
            return _dpkg
    return _semver


def is_affected(version: str, package: AdvisoryPackage) -> bool:
    """Whether an advisory is about this version: it is listed, or lies in a range (OSV schema, "Evaluation").

    Raises Undecided where it is not listed, and a version cannot be compared.
    """
    key = order_of(package.ecosystem)
    if version in package.versions or _listed(version, package.versions, key):
        return True
    if not package.ranges:
        return False
    mine = key(version)
    return any(_within(mine, each, key) for each in package.ranges)


def fixed_versions(package: AdvisoryPackage) -> tuple[str, ...]:
    """The versions that an advisory names as fixed, in its order."""
    return tuple(event.version for each in package.ranges for event in each.events if event.kind == "fixed")


def _listed(version: str, versions: tuple[str, ...], key: _Key) -> bool:
    """Whether one of several spellings is the same version; what cannot be read is none of them."""
    try:
        mine = key(version)
    except Undecided:
        return False
    for each in versions:
        try:
            if key(each) == mine:
                return True
        except Undecided:
            continue
    return False


def _within(mine: Any, stated: Range, key: _Key) -> bool:
    """Events in the order of versions: introduced switches on, fixed and what follows last_affected switch off."""
    limits = [event.version for event in stated.events if event.kind == "limit"]
    if limits and not any(limit == _EVER or mine < key(limit) for limit in limits):
        return False
    affected = any(event.kind == "introduced" and event.version == _ZERO for event in stated.events)
    later = [(key(event.version), event.kind) for event in stated.events if _places(event)]
    for at, kind in sorted(later, key=lambda each: (each[0], _PLACES[each[1]])):
        match kind:
            case "introduced":
                affected = affected or mine >= at
            case "fixed":
                affected = affected and mine < at
            case "last_affected":
                affected = affected and mine <= at
    return affected


def _places(event: Event) -> bool:
    """Whether an event has a place among versions; ``introduced: 0`` lies before all of them."""
    return event.kind in _PLACES and (event.kind, event.version) != ("introduced", _ZERO)


def _pep440(text: str) -> Any:
    from packaging.version import InvalidVersion, Version

    if len(text) > 256:
        raise Undecided(f"{text[:60]!r} is no version of PEP 440")
    try:
        return Version(Version(text).public)
    except InvalidVersion:
        raise Undecided(f"{text[:60]!r} is no version of PEP 440") from None


def _dpkg(text: str) -> Any:
    try:
        return sort_key(text)
    except TwinbuildError:
        raise Undecided(f"{text[:60]!r} is no Debian version") from None


def _semver(text: str) -> Any:
    match = _SEMVER.fullmatch(text)
    if match is None:
        raise Undecided(f"{text[:60]!r} is no version of SemVer")
    numbers = tuple(int(match[place]) for place in (1, 2, 3))
    if match[4] is None:
        return (*numbers, 1, ())
    parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in match[4].split("."))
    return (*numbers, 0, parts)
