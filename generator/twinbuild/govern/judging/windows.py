"""Freezes: whether a moment lies in one, in the time zone that it names.

A local time that a change of clocks skips or repeats is taken so that the freeze is the longer one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from twinbuild.model.policy import Freeze, Weekly

__all__ = ["UnknownZone", "frozen_until", "zone_of"]

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK: Final = 7 * 24 * 60  # minutes


class UnknownZone(Exception):
    """This machine does not know a time zone."""


def zone_of(name: str) -> ZoneInfo:
    """The time zone. Raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(name) from None


def frozen_until(freeze: Freeze, at: int) -> int | None:
    """When a freeze ends in which the moment lies (seconds since 1970); None where it lies in none.

    Raises UnknownZone.
    """
    zone = zone_of(freeze.zone)
    if freeze.weekly is not None:
        return _weekly(freeze.weekly, zone, at)
    assert freeze.start is not None
    assert freeze.until is not None
    start = _seconds(datetime.fromisoformat(freeze.start), zone, last=False)
    end = _seconds(datetime.fromisoformat(freeze.until), zone, last=True)
    return end if start <= at < end else None


def _seconds(local: datetime, zone: ZoneInfo, *, last: bool) -> int:
    """Seconds since 1970 of a local time: of two that it may be the first one or the last one."""
    moments = [int(local.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1)]
    return max(moments) if last else min(moments)


def _weekly(weekly: Weekly, zone: ZoneInfo, at: int) -> int | None:
    local = datetime.fromtimestamp(at, UTC).astimezone(zone).replace(tzinfo=None)
    monday = datetime(local.year, local.month, local.day) - timedelta(days=local.weekday())  # noqa: DTZ001  local
    start, end = _minute(weekly.start), _minute(weekly.until)
    length = (end - start) % _WEEK
    for week in (-1, 0):
        begin = monday + timedelta(minutes=start + week * _WEEK)
        first = _seconds(begin, zone, last=False)
        last = _seconds(begin + timedelta(minutes=length), zone, last=True)
        if first <= at < last:
            return last
    return None


def _minute(text: str) -> int:
    day, _, time = text.partition(" ")
    hour, _, minute = time.partition(":")
    return (_DAYS.index(day) * 24 + int(hour)) * 60 + int(minute)
