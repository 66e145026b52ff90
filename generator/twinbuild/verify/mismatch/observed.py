"""Values that a build could see, found again in what it wrote: the surest sign of a cause."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Final

from twinbuild.verify.mismatch.catalogue import Cause, cause

__all__ = ["DATE", "DIGITS", "Clue", "Observed", "of_observation"]

_YEAR: Final = 366 * 86_400
_TEMPORARY: Final = re.compile(rb"/(?:var/)?tmp/[\w./-]+")
DATE: Final = re.compile(
    rb"(?:19|20)\d\d-[01]\d-[0-3]\d|[0-2]\d:[0-5]\d:[0-5]\d|"
    rb"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* +[0-3]?\d\b"
)
DIGITS: Final = re.compile(rb"\d{9,19}(?:\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What one build could see of its surroundings."""

    time: float  # seconds since 1970, at its start
    host_name: str
    user: str
    directories: tuple[str, ...]  # working, temporary and scratch
    time_zones: tuple[str, ...]  # as TZ names it, and as an offset from UTC such as +0530
    locale: str
    environment: tuple[str, ...]  # values of its variables that are worth recognising
    processors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """What the two builds could see."""

    first: Observed
    second: Observed


def of_observation(sides: tuple[bytes, bytes], at: int, clue: Clue) -> Cause | None:
    """A value that a build could see stands in its bytes near the difference; the certain ones first."""
    near = sides[0][max(0, at - 300) : at + 300], sides[1][max(0, at - 300) : at + 300]
    return _place(near, clue) or _moment(near, clue) or _setting(near, clue) or _processors(sides, at, clue)


def _seen(near: tuple[bytes, bytes], values: tuple[str, str]) -> bool:
    """Whether two unlike values stand, as words of their own, each in the piece of the build that could see it."""
    return values[0] != values[1] and all(
        value and re.search(rb"(?<!\w)" + re.escape(value.encode()) + rb"(?!\w)", piece)
        for value, piece in zip(values, near, strict=True)
    )


def _place(near: tuple[bytes, bytes], clue: Clue) -> Cause | None:
    if _seen(near, (clue.first.host_name, clue.second.host_name)):
        return cause("host-name", f"the host's name ({clue.second.host_name!r} in the second build) was written")
    for pair in zip(clue.first.directories, clue.second.directories, strict=False):
        if _seen(near, pair):
            return cause("absolute-path", f"a path of the build ({pair[1]!r} in the second) was written")
    if _TEMPORARY.findall(near[0]) != _TEMPORARY.findall(near[1]):
        return cause("absolute-path", "a path of a temporary directory was written")
    return None


def _moment(near: tuple[bytes, bytes], clue: Clue) -> Cause | None:
    if _times(near, (clue.first, clue.second)):
        return cause("timestamp", "the time of the build was written")
    return None


def _setting(near: tuple[bytes, bytes], clue: Clue) -> Cause | None:
    first, second = clue.first, clue.second
    if _seen(near, (first.user, second.user)):
        return cause("user", f"the user's name ({second.user!r} in the second build) was written")
    if any(value.encode() in near[1] and value.encode() not in near[0] for value in second.environment):
        return cause("environment", "the value of an environment variable was written")
    if any(_seen(near, pair) for pair in zip(first.time_zones, second.time_zones, strict=False)):
        return cause("time-zone", f"the time zone ({second.time_zones[0]} in the second build) was written")
    if _seen(near, (first.locale, second.locale)):
        return cause("locale", f"the locale ({second.locale} in the second build) was written")
    return None


def _processors(sides: tuple[bytes, bytes], at: int, clue: Clue) -> Cause | None:
    counts = str(clue.first.processors).encode(), str(clue.second.processors).encode()
    if (_number_at(sides[0], at), _number_at(sides[1], at)) == counts:
        return cause("processor-count", f"the number of processors (second: {clue.second.processors}) was written")
    return None


def _number_at(side: bytes, at: int) -> bytes:
    """The decimal number of which byte ``at`` is a digit, or nothing."""
    start = end = at
    while start > 0 and side[start - 1 : start].isdigit():
        start -= 1
    while side[end : end + 1].isdigit():
        end += 1
    return side[start:end]


def _times(near: tuple[bytes, ...], observed: tuple[Observed, Observed]) -> bool:
    """Whether numbers or dates near the difference are each build's own time."""
    if all(
        any(abs(float(digits[:10]) - side.time) < _YEAR for digits in DIGITS.findall(piece))
        for piece, side in zip(near, observed, strict=True)
    ) and DIGITS.findall(near[0]) != DIGITS.findall(near[1]):
        return True
    dates = [DATE.findall(piece) for piece in near]
    if dates[0] and dates[1] and dates[0] != dates[1]:
        return True
    return any(
        all(
            abs(struct.unpack_from(form, piece, place)[0] - side.time) < 3 * 86_400
            for piece, side in zip(near, observed, strict=True)
        )
        for form in ("<I", ">I")
        for place in range(max(0, min(len(near[0]), len(near[1])) - 3))
        if near[0][place : place + 4] != near[1][place : place + 4]
    )
