"""Progress on standard error: one line that is drawn over on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from twinbuild.ports import Progress, silent

__all__ = ["shown_progress"]

_INTERVAL: Final = 0.1  # seconds between two drawings
_SILENCE: Final = 10.0  # seconds: a log that stands still for longer looks dead
_BYTES: Final = 1 << 16  # totals above it are taken for bytes


@contextmanager
def shown_progress(*, quiet: bool) -> Iterator[Progress]:
    """The way in which progress is shown here; the terminal's line is clean afterwards."""
    if quiet:
        yield silent
        return
    live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")
    shown = _Live() if live else _Plain()
    try:
        yield shown
    finally:
        shown.finish()


def _amount(done: int, total: int) -> str:
    if total <= 0:
        return ""
    if total < _BYTES:
        return f" {done}/{total}"
    return f" {done / 1e6:.1f}/{total / 1e6:.1f} MB"


class _Live:
    """One line, drawn over."""

    def __init__(self) -> None:
        self._drawn = 0.0
        self._activity = ""
        self._dirty = False

    def __call__(self, activity: str, done: int, total: int) -> None:
        now = time.monotonic()
        if activity == self._activity and done != total and now - self._drawn < _INTERVAL:
            return
        self._activity, self._drawn = activity, now
        width = shutil.get_terminal_size().columns - 1
        bar = ""
        if total > 0:
            filled = 24 * min(done, total) // total
            bar = f" [{'#' * filled}{'.' * (24 - filled)}]"
        sys.stderr.write(f"\r\033[K{(activity + bar + _amount(done, total))[:width]}")
        sys.stderr.flush()
        self._dirty = True

    def finish(self) -> None:
        if self._dirty:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()


class _Plain:
    """A line for each activity, one now and then while its bytes move, and one when they all did."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._activity = ""
        self._said = 0.0

    def __call__(self, activity: str, done: int, total: int) -> None:
        if not activity:
            return
        new = activity != self._activity
        measured = total >= _BYTES
        if not new and not (measured and (done >= total or self._clock() - self._said >= _SILENCE)):
            return
        self._activity, self._said = "" if measured and done >= total else activity, self._clock()
        sys.stderr.write(f"twinbuild: {activity}{_amount(done, total) if measured else ''}\n")
        sys.stderr.flush()

    def finish(self) -> None:
        """Lines are complete."""
