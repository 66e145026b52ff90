"""Strict JSON with places: duplicate keys, constants that JSON lacks and endless nesting are refused at their line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.errors import Location

__all__ = ["JsonProblem", "is_writable", "locate", "parse_json"]

_STRING: Final = r'"(?:[^"\\]++|\\.)*+"'  # possessive: a long one takes no memory
_TOKEN: Final = re.compile(_STRING + r'|[{}\[\],:]|[^\s{}\[\],:"]+')
_STRUCTURE: Final = re.compile(rf"({_STRING})(\s*+:)?+|[{{}}\[\]]")
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_DEEPEST: Final = 128  # arrays and objects in one another: what other readers of JSON take, and what can be walked
_CONFLICT: Final = re.compile(r"^(<{7} |={7}$|>{7} |\|{7} )", re.MULTILINE)

JsonPath = tuple[int | str, ...]


class JsonProblem(Exception):
    """The text is not JSON as we take it; ``kind`` is one of syntax, conflict, duplicate, encoding, depth."""

    def __init__(self, kind: str, message: str, where: Location) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.where = where


class _Refused(Exception):
    """A key that is there twice, or a constant that JSON lacks."""


def parse_json(name: str, content: bytes) -> tuple[Json, str]:
    """The value of a JSON document and its text. Raises JsonProblem."""
    try:
        text = content.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise JsonProblem("encoding", f"it is not UTF-8 at byte {error.start}", Location(file=name)) from None
    conflict = _CONFLICT.search(text)
    if conflict is not None:
        raise JsonProblem("conflict", "it holds the marks of a merge conflict", _at(name, text, conflict.start()))
    try:
        value: Json = json.loads(
            text, object_pairs_hook=_distinct, parse_constant=_refuse_constant, parse_float=_finite
        )
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" starting at") if text.strip() else "it is empty"
        raise JsonProblem("syntax", what, _at(name, text, min(error.pos, len(text)))) from None
    except RecursionError:
        raise JsonProblem("depth", "it is nested too deeply", Location(file=name)) from None
    except _Refused as error:
        raise _twice(name, text, str(error)) from None
    except ValueError as error:  # a constant, or an integer of thousands of digits
        raise JsonProblem("syntax", str(error)[:120], Location(file=name)) from None
    if text.count("[") + text.count("{") > _DEEPEST and _deeper(value, _DEEPEST):
        raise JsonProblem("depth", "it is nested too deeply", Location(file=name))
    surrogate = _SURROGATE.search(text)
    if surrogate is not None and not is_writable(value):
        raise JsonProblem(
            "encoding", "it has half of a surrogate pair, which is no character", _at(name, text, surrogate.start())
        )
    return value, text


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:40]} is beyond the numbers that can be held")
    return value


def _deeper(value: Json, most: int) -> bool:
    """Whether arrays and objects lie in one another more than ``most`` times."""
    level: list[dict[str, Json] | list[Json]] = [value] if isinstance(value, dict | list) else []
    for _ in range(most):
        level = [
            item
            for each in level
            for item in (each.values() if isinstance(each, dict) else each)
            if isinstance(item, dict | list)
        ]
        if not level:
            return False
    return True


def is_writable(value: object) -> bool:
    """Whether every text of a JSON value can be written as UTF-8: half of a surrogate pair cannot."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _distinct(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Refused(key)
            seen.add(key)
    return found


def _refuse_constant(text: str) -> Json:
    raise ValueError(f"{text} is no JSON value")


def _at(name: str, text: str, position: int, width: int = 1) -> Location:
    line = text.count("\n", 0, position) + 1
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    excerpt = text[start : end if end >= 0 else len(text)]
    return Location(file=name, line=line, column=position - start + 1, excerpt=excerpt, width=width)


def locate(name: str, text: str, path: JsonPath) -> Location:
    """The place of the value at ``path`` of well-formed JSON, or of the nearest value above it.

    It reads the text a second time, so it is for messages only.
    """
    best = (0, 1, 0)
    for here, match in _values(text):
        if here == path[: len(here)] and len(here) >= best[2]:
            best = (match.start(), len(match[0]), len(here))
            if here == path:
                break
    pointer = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path[: best[2]])
    where = _at(name, text, best[0], best[1])
    return Location(
        file=name, line=where.line, column=where.column, pointer=pointer, excerpt=where.excerpt, width=where.width
    )


def _twice(name: str, text: str, key: str) -> JsonProblem:
    """What to raise for a text of which json found a key twice: the first such place, or one that lies too deep.

    The text is JSON up to there. Memory is that of the keys of the objects that are open.
    """
    open_: list[set[str]] = []
    for match in _STRUCTURE.finditer(text):
        if match[2]:
            key = json.loads(match[1])
            if open_ and key in open_[-1]:
                where = _at(name, text, match.start(), len(match[1]))
                return JsonProblem("duplicate", f"the key {key[:80]!r} is given twice in one object", where)
            if open_:
                open_[-1].add(key)
        elif match[0] in ("{", "["):
            open_.append(set())
            if len(open_) > _DEEPEST:
                return JsonProblem("depth", "it is nested too deeply", Location(file=name))
        elif match[0] in ("}", "]") and open_:
            open_.pop()
    return JsonProblem("duplicate", f"the key {key[:80]!r} is given twice in one object", Location(file=name))


def _values(text: str) -> Iterator[tuple[JsonPath, re.Match[str]]]:
    """Each value's path and first token, in the order of the text."""
    path: list[int | str] = []
    key: str | None = None
    for match in _TOKEN.finditer(text):
        piece = match[0]
        if piece in "]}":
            if path:
                path.pop()
            continue
        if piece == ",":
            if path and isinstance(path[-1], int):
                path[-1] += 1
            continue
        if piece == ":":
            continue
        in_object = bool(path) and isinstance(path[-1], str)
        if in_object and key is None:
            key = json.loads(piece)
            path[-1] = key
            continue
        key = None
        yield tuple(path), match
        if piece == "{":
            path.append("")
        elif piece == "[":
            path.append(0)
