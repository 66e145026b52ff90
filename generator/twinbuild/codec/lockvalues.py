"""How single fields of ``release.lock`` are read: each reader gives a value, or says what is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from packaging.version import InvalidVersion, Version

from twinbuild.codec.canonical import Json
from twinbuild.codec.spdx import one_line, spdx_expression
from twinbuild.model.digest import Digest
from twinbuild.model.platform import Platform
from twinbuild.model.spec.paths import refuse_path

__all__ = [
    "DEB",
    "PROJECT",
    "Problem",
    "Read",
    "Shape",
    "by",
    "matching",
    "names_of",
    "read_boolean",
    "read_date",
    "read_deb",
    "read_deb_version",
    "read_digest",
    "read_expressions",
    "read_json_pairs",
    "read_lines",
    "read_pairs",
    "read_path",
    "read_platform",
    "read_project",
    "read_size",
    "read_size_or_zero",
    "read_sorted_lines",
    "read_spec_name",
    "read_text",
    "read_uri",
    "read_version",
    "read_word",
]

_HINT: Final = "restore it from version control, or make it anew: `twinbuild lock --upgrade-all`"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field or entry."""

    code: str
    message: str
    hint: str = _HINT


Read = Callable[[Json], object]


def _nothing(_: Mapping[str, object]) -> Problem | None:
    return None


def _no_key(_: object) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One kind of object: its fields (a one-tuple: a list of that shape), its own check, and its sort key."""

    make: Callable[..., object]
    fields: Mapping[str, Read | Shape | tuple[Shape]]
    key: Callable[[object], tuple[str, ...]] = field(default=_no_key)
    check: Callable[[Mapping[str, object]], Problem | None] = field(default=_nothing)


def _type(value: Json, expected: str) -> Problem:
    return Problem("TB2206", f"got {str(value)[:60]!r}, expected {expected}")


def matching(pattern: str, expected: str) -> Read:
    """A reader of texts that match a pattern."""
    compiled = re.compile(pattern, re.ASCII)

    def read(value: Json) -> object:
        if not isinstance(value, str):
            return _type(value, expected)
        if not compiled.fullmatch(value) or len(value) > 255:
            return Problem("TB2207", f"got {value[:80]!r}, expected {expected}")
        return value

    return read


def read_digest(value: Json) -> object:
    """A digest."""
    if not isinstance(value, str):
        return _type(value, "a digest")
    return Digest.parse(value)


def read_platform(value: Json) -> object:
    """A platform."""
    if not isinstance(value, str):
        return _type(value, "a platform")
    return Platform.parse(value)


def read_text(value: Json) -> object:
    """Any text."""
    return value if isinstance(value, str) else _type(value, "a text")


def read_boolean(value: Json) -> object:
    """True or false."""
    return value if isinstance(value, bool) else _type(value, "true or false")


def _integer(value: Json, *, least: int) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        return _type(value, "a whole number")
    if not least <= value < 2**53:
        return Problem("TB2208", f"got the size {value}, expected {least} or more")
    return value


def read_size(value: Json) -> object:
    """A size of at least one byte."""
    return _integer(value, least=1)


def read_size_or_zero(value: Json) -> object:
    """A size."""
    return _integer(value, least=0)


def read_path(value: Json) -> object:
    """A relative, normal path."""
    if not isinstance(value, str):
        return _type(value, "a path")
    reason = refuse_path(value)
    if reason and not reason.startswith("begins with"):
        return Problem("TB2209", f"the path {value[:120]!r} {reason}")
    return value


def read_uri(value: Json) -> object:
    """An artifact's address."""
    if not isinstance(value, str):
        return _type(value, "an address")
    if "@" in value.partition("://")[2].partition("/")[0]:
        return Problem("TB2207", "the address carries credentials (masked)")
    if value.startswith(("http://", "https://")):
        return value
    reason = refuse_path(value.removeprefix("wheel:"))
    return Problem("TB2209", f"the path {value[:120]!r} {reason}") if reason else value


def read_version(value: Json) -> object:
    """A version of PEP 440."""
    if not isinstance(value, str):
        return _type(value, "a version")
    try:
        Version(value)
    except InvalidVersion:
        return Problem("TB2207", f"got {value[:80]!r}, expected a version of PEP 440")
    return value


def names_of(pattern: str) -> Read:
    """A reader of sorted lists of names."""
    compiled = re.compile(pattern, re.ASCII)

    def read(value: Json) -> object:
        if not isinstance(value, list):
            return _type(value, "a list of names")
        names: list[str] = []
        for item in value:
            if not isinstance(item, str) or not compiled.fullmatch(item):
                return Problem("TB2207", f"got {str(item)[:80]!r}, expected a name")
            names.append(item)
        if names != sorted(set(names)):
            return Problem("TB2211", "the names are not sorted, or one is there twice")
        return tuple(names)

    return read


def read_lines(value: Json) -> object:
    """Texts of one line each, in any order."""
    if not isinstance(value, list):
        return _type(value, "a list of texts")
    lines: list[str] = []
    for item in value:
        if not isinstance(item, str) or not item or one_line(item) != item:
            return Problem("TB2207", f"got {str(item)[:80]!r}, expected one line of text")
        lines.append(item)
    if len(set(lines)) != len(lines):
        return Problem("TB2211", "a text is there twice")
    return tuple(lines)


def read_pairs(value: Json) -> object:
    """Names and values."""
    if not isinstance(value, list):
        return _type(value, "a list of pairs")
    pairs: list[tuple[str, str]] = []
    for item in value:
        match item:
            case [str() as name, str() as text] if name and "\0" not in name + text and "=" not in name:
                pairs.append((name, text))
            case _:
                return Problem("TB2207", f"got {str(item)[:80]!r}, expected a name and a value")
    return tuple(pairs)


def read_json_pairs(value: Json) -> object:
    """Names and JSON texts."""
    pairs = read_pairs(value)
    for _, text in pairs if isinstance(pairs, tuple) else ():
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return Problem("TB2207", f"got {text[:80]!r}, expected JSON")
    return pairs


def read_sorted_lines(value: Json) -> object:
    """Texts of one line each, sorted."""
    lines = read_lines(value)
    return Problem("TB2211", "the texts are not sorted") if lines != _in_order(lines) else lines


def _in_order(lines: object) -> object:
    return tuple(sorted(lines)) if isinstance(lines, tuple) else lines


def read_expressions(value: Json) -> object:
    """Sorted licence expressions."""
    lines = read_sorted_lines(value)
    for line in lines if isinstance(lines, tuple) else ():
        if spdx_expression(line) != line:
            return Problem("TB2207", f"got {line[:80]!r}, expected a licence expression of SPDX")
    return lines


PROJECT: Final = r"[a-z0-9]+(-[a-z0-9]+)*"
DEB: Final = r"[a-z0-9][a-z0-9+.-]+"
read_project = matching(PROJECT, "a normalised name (PEP 503)")
read_deb = matching(DEB, "a Debian package name")
read_deb_version = matching(r"[0-9A-Za-z.+:~-]+", "a Debian version")
read_word = matching(r"[A-Za-z0-9][A-Za-z0-9._+/-]*", "a name")
read_spec_name = matching(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "a name")
read_date = matching(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", "a time such as 2026-11-01T00:00:00Z")


def by(*names: str) -> Callable[[object], tuple[str, ...]]:
    """A sort key of those fields."""
    return lambda value: tuple(str(getattr(value, name)) for name in names)
