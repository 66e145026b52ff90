"""One difference, and the parts of a document by names that stay the same when lists grow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from twinbuild.codec.canonical import Json
from twinbuild.deploy.parity.risks import risk_of

__all__ = ["ABSENT", "LEVELS", "Difference", "Facts", "Level", "facts_of", "object_at", "text_of", "unlike"]

Level = Literal["high", "medium", "low"]
LEVELS: Final[tuple[Level, ...]] = ("high", "medium", "low")
ABSENT: Final = "(none)"
Facts = dict[tuple[str, ...], str]
"""Each value as text, by a path in which entries of lists stand by name."""

_NAMES: Final = (("variant", "platform"), ("name",), ("path",), ("title",), ("email",), ("key",), ("variant",))
_LONGEST: Final = 200  # characters of a value that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """``what`` is the place in the section; ``first`` and ``second`` are what each side has there.

    ``path`` is the place by its steps, the section first.
    """

    section: str
    what: str
    first: str
    second: str
    risk: Level
    reason: str
    path: tuple[str, ...] = ()


def unlike(first: Facts, second: Facts) -> tuple[Difference, ...]:
    """Every path whose values differ, the riskiest first, then in the order of the paths."""
    found = []
    for path in dict.fromkeys((*first, *second)):
        one, other = first.get(path, ABSENT), second.get(path, ABSENT)
        if one != other:
            level, reason = risk_of(path)
            found.append(
                Difference(
                    section=path[0],
                    what=" ".join(path[1:]) or path[0],
                    first=_short(one),
                    second=_short(other),
                    risk=level,
                    reason=reason,
                    path=path,
                )
            )
    return tuple(sorted(found, key=lambda item: (LEVELS.index(item.risk), item.section, item.what)))


def facts_of(value: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """The facts of a JSON value. What is absent, null, an empty list or an empty mapping is all the same: no fact."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from facts_of(item, (*path, key))
    elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        for name, item in _named([item for item in value if isinstance(item, dict)]):
            yield from facts_of(item, (*path, name))
    elif value is not None and value != []:
        yield path, text_of(value)


def object_at(document: Json, *path: str) -> dict[str, Json]:
    """The object at a path; an empty one where there is none."""
    for step in path:
        document = document.get(step) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def text_of(value: Json) -> str:
    """Text as it is; numbers with an integer value as integers; the rest as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _named(items: list[dict[str, Json]]) -> Iterator[tuple[str, dict[str, Json]]]:
    """Each entry by what tells it from the others; by number where nothing does."""
    for keys in _NAMES:
        names = [tuple(text_of(item.get(key)) for key in keys) for item in items]
        if all(key in item for item in items for key in keys) and len(set(names)) == len(names):
            yield from zip((" ".join(name) for name in names), items, strict=True)
            return
    yield from ((str(number), item) for number, item in enumerate(items, 1))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
