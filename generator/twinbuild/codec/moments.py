"""Times of signed documents: whole seconds of UTC in RFC 3339 with a Z, so that each has one spelling."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

__all__ = ["LATEST", "moment", "moment_of", "moment_text"]

LATEST: Final = 253402300799  # the last second of the year 9999
_FORM: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


def moment_text(seconds: int) -> str:
    """Seconds since 1970 as text."""
    found = datetime.fromtimestamp(seconds, UTC)
    return f"{found.year:04}-{found:%m-%dT%H:%M:%S}Z"


def moment(text: object) -> int | None:
    """The seconds since 1970 of a text that ``moment_text`` writes; None for anything else."""
    if not isinstance(text, str) or not _FORM.fullmatch(text):
        return None
    try:
        seconds = int(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds <= LATEST else None


def moment_of(text: object) -> int:
    """The same for whoever takes nothing else. Raises ValueError."""
    found = moment(text)
    if found is None:
        raise ValueError
    return found
