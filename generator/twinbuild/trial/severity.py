"""Severities of log lines, and whether a level that was set had its effect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from twinbuild.trial.lines import fields_of

__all__ = ["below", "rank"]

_RANKS: Final = {
    name: rank
    for rank, names in enumerate(
        (("trace",), ("debug", "verbose"), ("info", "information", "notice"), ("warn", "warning"), ("error", "err"))
    )
    for name in names
} | {"critical": 5, "crit": 5, "fatal": 5, "panic": 5, "alert": 6, "emergency": 7, "emerg": 7}
_FIELDS: Final = ("level", "severity", "levelname", "log.level", "lvl")


def rank(level: str) -> int | None:
    """How severe a level is, from 0 (trace) on; None for a word that is none."""
    return _RANKS.get(level.casefold())


def below(content: bytes, level: str, form: str = "json") -> Iterator[tuple[int, str]]:
    """Number and level of each line that is less severe than ``level``; lines that name no level are none.

    ``form`` is the declared one, json or logfmt; lines of another say nothing.
    """
    least = rank(level)
    if least is None:
        return
    for number, line in enumerate(content.split(b"\n"), 1):
        record = fields_of(line, form)
        said = next((record[field] for field in _FIELDS if field in record), None) if isinstance(record, dict) else None
        found = rank(said) if isinstance(said, str) else None
        if found is not None and found < least:
            yield number, str(said)
