"""How long to wait before the next try, and for how long it makes sense at all."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

__all__ = ["LONGEST_PAUSE", "pause_before", "retry_after"]

_FIRST = 0.5  # seconds; doubled for each further try
_LONGEST = 20.0
LONGEST_PAUSE = 120.0  # seconds: a server that asks for more is taken to be out of service


def pause_before(attempt: int) -> float:
    """Seconds to wait before a further try; ``attempt`` counts the failures so far, from 1."""
    return min(_LONGEST, _FIRST * 2.0 ** min(attempt - 1, 16))


def retry_after(value: str, date: str) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3), or None where it says nothing that is clear.

    A date is compared with the answer's own Date header, so that no clock of ours takes part.
    """
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:12])
    until, sent = _moment(text), _moment(date)
    if until is None or sent is None:
        return None
    return max(0.0, (until - sent).total_seconds())


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo is not None else None
