"""Times in a text: the build's own, of another zone, or in the words of another locale."""

from __future__ import annotations

import re
import struct
from datetime import datetime
from typing import Final

from twinbuild.verify.mismatch.catalogue import Cause, cause
from twinbuild.verify.mismatch.observed import DATE, DIGITS

__all__ = ["in_zone", "of_binary_moment", "of_moment"]

_QUARTER: Final = 900  # seconds; offsets of zones are multiples of it
_WIDEST: Final = 27 * 3600  # seconds between the zones furthest apart, with an hour of summer time
_EARLIEST, _LATEST = 1_262_304_000, 2_208_988_800  # 2010 and 2040, in seconds since 1970
_CLOCK: Final = re.compile(rb"(?<!\d)([01]\d|2[0-4]):([0-5]\d)(?::([0-6]\d))?(?!\d)")
_COMPACT: Final = re.compile(rb"(?<!\d)((?:19|20)\d\d[01]\d[0-3]\d)[T _-]?([0-2]\d[0-5]\d[0-6]\d)(?!\d)")
_DAY: Final = re.compile(rb"(?<!\d)(?:(?:19|20)\d\d[-/.][01]?\d[-/.][0-3]?\d|[0-3]?\d[./][01]?\d[./](?:19|20)?\d\d)")
_ARGUMENTS: Final = re.compile(rb"(?:19|20)\d\d, ?[01]?\d, ?[0-3]?\d, ?[0-2]?\d, ?[0-5]?\d\b[\d, ]*")
_ZONE: Final = re.compile(
    rb"(?<![\w/])(?:UTC|GMT|Z|[A-Z]{2,4}T|(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific"
    rb"|Etc|US)/[\w/+-]+|(?:UTC|GMT)?[+-]\d\d:?\d\d)(?!\w)"
)
_ISO_ZONE: Final = re.compile(rb"(?<=[0-6]\d)(?:Z|[+-]\d\d:?\d\d)(?!\w)")
_WORD: Final = re.compile(r"[^\W\d_]+")


def in_zone(seconds: int) -> bool:
    """Whether two times that are so far apart are the same time of two zones."""
    return seconds != 0 and abs(seconds) <= _WIDEST and seconds % _QUARTER == 0


def of_moment(one: bytes, other: bytes) -> Cause | None:
    """The cause where the unlike part of two lines is a time."""
    return _of_words(one, other) or _of_clock(one, other) or _of_numbers(one, other)


def _of_words(one: bytes, other: bytes) -> Cause | None:
    """The same digits around a clock's time, with other words."""
    if re.findall(rb"\d", one) != re.findall(rb"\d", other) or not (_CLOCK.search(one) or _DAY.search(one)):
        return None
    words = [_WORD.findall(side.decode("utf-8", "replace")) for side in (one, other)]
    zones = _ZONE.findall(one), _ZONE.findall(other)
    if words[0] == words[1] or zones[0] != zones[1]:
        return None
    return cause("locale", "the same time is written in another language")


def _of_clock(one: bytes, other: bytes) -> Cause | None:
    zones = [_ZONE.findall(side) + _ISO_ZONE.findall(side) for side in (one, other)]
    apart = _apart(one, other)
    if apart is not None and in_zone(apart):
        return cause("time-zone", "the same moment is written as the clock of another time zone shows it")
    if zones[0] and zones[1] and zones[0] != zones[1] and not apart:
        return cause("time-zone", "the name or the offset of a time zone was written")
    found = [
        tuple(pattern.findall(side) for pattern in (DATE, _CLOCK, _COMPACT, _DAY, _ARGUMENTS)) for side in (one, other)
    ]
    if found[0] != found[1] and all(any(side) for side in found):
        return cause("timestamp", "a time was written that is not the same in both")
    return None


def _apart(one: bytes, other: bytes) -> int | None:
    """How many seconds lie between the first unlike times of day, the nearest way; None where there are none."""
    compact = _COMPACT.search(one), _COMPACT.search(other)
    if compact[0] and compact[1]:
        times = [_seconds(match[1] + match[2]) for match in compact if match]
        return None if None in times else int((times[1] or 0) - (times[0] or 0))
    for mine, others in zip(_CLOCK.finditer(one), _CLOCK.finditer(other), strict=False):
        if mine[0] != others[0] and mine[3] and others[3]:
            first, second = (int(each[1]) * 3600 + int(each[2]) * 60 + int(each[3]) for each in (mine, others))
            return second - first if _same_days(one, other) else None
    return None


def _same_days(one: bytes, other: bytes) -> bool:
    """Whether the dates beside two times of day are at most a day apart, as far as they can be read."""
    days = [
        _DAY.findall(side)[:1] or re.findall(rb"(?<!\d)[0-3]?\d(?!\d|:)", _CLOCK.sub(b"", side))[:1]
        for side in (one, other)
    ]
    if not days[0] or not days[1]:
        return True
    numbers = [[int(digits) for digits in re.findall(rb"\d+", side[0])] for side in days]
    unlike = [abs(mine - others) for mine, others in zip(*numbers, strict=False) if mine != others]
    return not unlike or (len(unlike) == 1 and unlike[0] in (1, 27, 28, 29, 30))


def _seconds(digits: bytes) -> float | None:
    try:
        return datetime.strptime(digits.decode("ascii") + "+0000", "%Y%m%d%H%M%S%z").timestamp()
    except ValueError:
        return None


def _of_numbers(one: bytes, other: bytes) -> Cause | None:
    """Seconds since 1970, or thousandths, millionths, thousand-millionths of them."""
    for mine, others in zip(DIGITS.findall(one), DIGITS.findall(other), strict=False):
        if mine == others:
            continue
        pair = [_since(digits) for digits in (mine, others)]
        if pair[0] is None or pair[1] is None:
            return None
        if in_zone(pair[1] - pair[0]) and len(mine) == 10:
            return cause("time-zone", "the same moment, counted in another time zone")
        return cause("timestamp", "a time was written that is not the same in both")
    return None


def _since(digits: bytes) -> int | None:
    """The seconds since 1970 that a number may mean."""
    whole = digits.partition(b".")[0]
    if len(whole) not in (10, 13, 16, 19):
        return None
    seconds = int(whole[:10])
    return seconds if _EARLIEST <= seconds < _LATEST else None


def of_binary_moment(sides: tuple[bytes, bytes], at: int) -> Cause | None:
    """Seconds since 1970 in four or eight binary bytes of which one is the first that differs, and nothing beyond."""
    if min(map(len, sides)) < 16:
        return None
    for form, size in (("<I", 4), (">I", 4), ("<Q", 8), (">Q", 8)):
        for start in range(max(0, at - size + 1), at + 1):  # fields of structures are aligned
            if any(len(side) < start + size for side in sides):
                continue
            behind = [side[start + size : start + size + 4] for side in sides]
            values = [struct.unpack_from(form, side, start)[0] for side in sides]
            plausible = start % 4 == 0 and all(_EARLIEST <= value < _LATEST for value in values)
            if plausible and behind[0] == behind[1] and abs(values[0] - values[1]) < 4 * 366 * 86_400:
                name = "time-zone" if in_zone(values[1] - values[0]) else "timestamp"
                return cause(name, "a time was written in binary that is not the same in both")
    return None
