"""The same things arranged otherwise: lines, items, keys, white space, line ends, encodings.

That the things are the same is certain, so these causes come before what is only likely. Contents are given whole, or
as pieces that begin at the same place.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from twinbuild.verify.mismatch.catalogue import Cause, cause

__all__ = ["of_arrangement"]

_LONGEST: Final = 16 << 20  # bytes that are taken apart
_LONGEST_SHUFFLED: Final = 2 << 20  # bytes that are compared one by one
_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_SEPARATORS: Final = re.compile(rb"[\s,;:|\[\]{}()<>=]+")
_JOB: Final = re.compile(rb"\s*(\[[^\]\s]{1,40}\]|\S{1,40}?[:|>]|\S{1,40})\s")
_TEXT: Final = frozenset(b"\t\n\r\f\x1b") | frozenset(range(32, 127)) | frozenset(range(128, 256))
Pairs = list[tuple[str, object]]


def of_arrangement(sides: tuple[bytes, bytes]) -> Cause | None:
    """The cause, where both sides hold the same things; of very long contents none is looked for."""
    if max(map(len, sides)) > _LONGEST:
        return None
    return (
        _of_line_ends(sides) or _of_encoding(sides) or _of_json(sides) or _of_lines(sides) or _of_items(sides) or None
    )


def _of_line_ends(sides: tuple[bytes, bytes]) -> Cause | None:
    plain = [side.replace(b"\r\n", b"\n").replace(b"\r", b"\n") for side in sides]
    if plain[0] == plain[1]:
        return cause("line-endings", "only the line ends differ (LF, CRLF or CR)")
    if plain[0].rstrip(b"\n") == plain[1].rstrip(b"\n") and plain[0].strip():
        return cause("line-endings", "only the line ends at the end of the file differ")
    return None


def _of_encoding(sides: tuple[bytes, bytes]) -> Cause | None:
    texts = [_decoded(side) for side in sides]
    for one in texts[0]:
        if one and one in texts[1]:
            return cause("encoding", "the same text in another encoding, or with a byte order mark")
    return None


def _decoded(side: bytes) -> list[str]:
    """A text as each encoding that may have been meant reads it."""
    if side.startswith(_MARKS[1:]):
        return [side.decode("utf-16", "replace")]
    try:
        return [side.decode("utf-8-sig")]
    except UnicodeDecodeError:
        printable = all(byte in _TEXT for byte in side[: 64 << 10])
        return [side.decode(name, "replace") for name in ("latin-1", "cp1252", "iso8859-9")] if printable else []


def _of_json(sides: tuple[bytes, bytes]) -> Cause | None:
    found = _of_documents(sides)
    if found is not None:
        return found
    rows = [side.splitlines() for side in sides]
    if len(rows[0]) != len(rows[1]) or len(rows[0]) < 2:
        return None
    unlike = [pair for pair in zip(*rows, strict=True) if pair[0] != pair[1]]
    causes = {each.name: each for each in map(_of_documents, unlike[:1000]) if each is not None}
    named = [_of_documents(pair) is not None for pair in unlike[:1000]]
    return next(iter(causes.values())) if all(named) and causes else None


def _of_documents(sides: tuple[bytes, bytes]) -> Cause | None:
    if any(side.lstrip()[:1] not in (b"{", b"[") for side in sides):
        return None
    try:
        one, other = (json.loads(side, object_pairs_hook=_Object) for side in sides)
        if _written(one) == _written(other):
            return cause("json-whitespace", "the same JSON with other white space or escapes")
        if _sorted(one, items=False) == _sorted(other, items=False):
            return cause("json-key-order", "the same JSON with the keys of an object in another order")
        if _sorted(one, items=True) == _sorted(other, items=True):
            return cause("item-order", "the same JSON with the items of a list in another order: those of a set")
    except (ValueError, RecursionError):
        return None
    return None


class _Object(Pairs):
    """An object as its pairs in their order, told from a list."""


def _written(value: object) -> str:
    """A value with its keys in their order, as one text."""
    if isinstance(value, _Object):
        return "{" + ",".join(f"{json.dumps(key)}:{_written(item)}" for key, item in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return json.dumps(value)


def _sorted(value: object, *, items: bool) -> str:
    """A value with its keys sorted, and its items too where ``items``, as one text."""
    if isinstance(value, _Object):
        pairs = sorted(f"{json.dumps(key)}:{_sorted(item, items=items)}" for key, item in value)
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        parts: Iterable[str] = (_sorted(item, items=items) for item in value)
        return "[" + ",".join(sorted(parts) if items else parts) + "]"
    return json.dumps(value)


def _of_lines(sides: tuple[bytes, bytes]) -> Cause | None:
    rows = sides[0].splitlines(), sides[1].splitlines()
    if len(rows[0]) != len(rows[1]) or rows[0] == rows[1] or Counter(rows[0]) != Counter(rows[1]):
        return None
    if {_order(rows[0]), _order(rows[1])} == {"C", "locale"}:
        return cause("locale", "the same lines, sorted by the rules of another locale")
    if _jobs(rows):
        return cause("parallel-order", "the same lines of several jobs, each job's in their order, mixed otherwise")
    return cause("line-order", "the same lines stand in another order")


def _order(rows: list[bytes]) -> str:
    """By which rule the lines are sorted: C for bytes; locale for letters whatever their case, signs aside."""
    if rows == sorted(rows):
        return "C"
    keys = [re.sub(r"[\W_]+", "", row.decode("utf-8", "replace")).casefold() for row in rows]
    return "locale" if keys == sorted(keys) else ""


def _jobs(rows: tuple[list[bytes], list[bytes]]) -> bool:
    """Whether lines begin with the name of the job that wrote them, and each job's stand in the same order."""
    jobs: list[dict[bytes, list[bytes]]] = [{}, {}]
    for side, found in zip(rows, jobs, strict=True):
        for row in side:
            match = _JOB.match(row)
            found.setdefault(match[1] if match else b"", []).append(row)
    sizes = [len(each) for each in jobs[0].values()]
    return jobs[0] == jobs[1] and len(sizes) >= 2 and sum(size >= 2 for size in sizes) >= 2 and b"" not in jobs[0]


def _of_items(sides: tuple[bytes, bytes]) -> Cause | None:
    said = "the same items stand in another order: that of a set, a directory or a hash"
    one, other = (_SEPARATORS.split(side) for side in sides)
    if len(one) == len(other) and len(one) > 2 and Counter(one) == Counter(other):
        return cause("item-order", said)
    if 16 <= len(sides[0]) == len(sides[1]) <= _LONGEST_SHUFFLED and _shuffled(sides):
        return cause("item-order", said)
    return None


def _shuffled(sides: tuple[bytes, bytes]) -> bool:
    """Whether two binary contents have the same bytes in another order, in a part that is long enough to say so."""
    unlike = [place for place, pair in enumerate(zip(*sides, strict=True)) if pair[0] != pair[1]]
    if len(unlike) < 4:
        return False
    one, other = (side[unlike[0] : unlike[-1] + 1] for side in sides)
    binary = any(byte < 9 or byte > 126 for byte in one)  # letters of a word do not change places
    return binary and len(set(one)) >= 4 and Counter(one) == Counter(other)
