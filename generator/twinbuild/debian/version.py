"""Versions of Debian packages: ``[epoch:]upstream[-revision]`` and their order (deb-version(7))."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from twinbuild.errors import IntegrityError

__all__ = ["OPERATORS", "SortKey", "compare", "require_version", "satisfies", "sort_key", "upstream"]

SortKey = tuple[int, tuple[tuple[int, ...] | int, ...], tuple[tuple[int, ...] | int, ...]]

_LIMIT: Final = 256  # characters; dpkg has no limit, but a number of thousands of digits is an attack
_FORM: Final = re.compile(r"(?:([0-9]{1,9}):)?([0-9][A-Za-z0-9.+~:-]*?)(?:-([A-Za-z0-9.+~]+))?", re.ASCII)
_NUMBERS: Final = re.compile(r"([0-9]+)", re.ASCII)
_END: Final = (0,)  # of a part without digits: after a tilde, before everything else
OPERATORS: Final[dict[str, Callable[[SortKey, SortKey], bool]]] = {
    "<<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">>": operator.gt,
}


@lru_cache(maxsize=1 << 17)
def sort_key(version: str) -> SortKey:
    """A value that orders as dpkg orders versions. Raises IntegrityError TB2102 if it is malformed."""
    match = _match(version)
    return int(match[1] or 0), _part_key(match[2]), _part_key(match[3] or "")


def require_version(version: str) -> None:
    """Raise IntegrityError TB2102 if it is malformed; cheaper than its sort key."""
    _match(version)


def _match(version: str) -> re.Match[str]:
    match = _FORM.fullmatch(version) if len(version) <= _LIMIT else None
    if match is None or (match[1] is None and ":" in version) or (match[3] is None and "-" in version):
        raise IntegrityError.of(
            "TB2102",
            f"not a Debian version: {version[:80]!r}, expected [epoch:]upstream[-revision]",
            hint="use the index that the archive publishes",
        )
    return match


def _part_key(text: str) -> tuple[tuple[int, ...] | int, ...]:
    """Alternately parts without digits and numbers, as the manual page compares them; always ends with the former."""
    pieces = _NUMBERS.split(text)
    if pieces[-1] or len(pieces) == 1:
        pieces += ["0", ""]  # an empty number counts as zero
    return tuple(int(piece) if place % 2 else _letters(piece) for place, piece in enumerate(pieces))


@lru_cache(maxsize=4096)
def _letters(part: str) -> tuple[int, ...]:
    """Letters sort before other characters, a tilde before the end of the part."""
    order = (-1 if char == "~" else ord(char) if char.isalpha() else ord(char) + 256 for char in part)
    return (*order, *_END)


def compare(left: str, right: str) -> int:
    """-1, 0 or 1, as ``left`` is older than, equal to or newer than ``right``. Raises IntegrityError TB2102."""
    one, other = sort_key(left), sort_key(right)
    return (one > other) - (one < other)


def satisfies(version: str, relation: str, wanted: str) -> bool:
    """Whether ``version relation wanted`` holds; ``relation`` is one of ``OPERATORS``, or empty (always true)."""
    return not relation or OPERATORS[relation](sort_key(version), sort_key(wanted))


def upstream(version: str) -> str:
    """The upstream part: ``3.11.2`` of ``3.11.2-6+deb12u6``. Raises IntegrityError TB2102."""
    return _match(version)[2]
