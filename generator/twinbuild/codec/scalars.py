"""What an unquoted scalar means: one reading, or a refusal.

YAML 1.1 and 1.2 read some unquoted scalars differently (`no`, `0777`, `1_000`, `12:30:45`, `1e3`), and other tools read
the same file. So a scalar without quotes is

- `null`, `true`, `false` (also `~`, `Null`, `True`, …) or nothing: as both versions have it;
- a number, if it is one by JSON's grammar, finite, and an integer within 2**53 - 1 of zero;
- a day or time, if YAML 1.1 takes it for one: a value only for fields that hold dates;
- text, if both versions take it for text;
- anything else is ambiguous and is refused, with the remedy to quote it.

Quoted scalars and block scalars are always text.
"""

from __future__ import annotations

import math
import re
from typing import Final

import yaml

from twinbuild.codec.nodes import Scalar
from twinbuild.model.spec.frozen import PlainDate

__all__ = ["Ambiguous", "read_plain"]

_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_CORE_NUMBER: Final = re.compile(
    r"0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
    re.ASCII,
)
_WORDS: Final = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_LETTERS: Final = frozenset({"y", "Y", "n", "N"})  # booleans of YAML 1.1's text, though not of PyYAML
_MAXIMUM: Final = 2**53 - 1
_KINDS: Final = {
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
    "value": "a value",
    "merge": "a merge",
}


class Ambiguous(Exception):
    """A scalar that cannot be taken without quotes; ``reading`` says what some reader makes of it."""

    def __init__(self, reading: str, *, number: bool = False) -> None:
        super().__init__(reading)
        self.reading = reading
        self.number = number


def read_plain(text: str, *, key: bool = False) -> Scalar:
    """The value of an unquoted scalar. Raises Ambiguous.

    As keys the single letters y and n are text: coordinates and counts are called so, and no common reader differs.
    """
    if key and text in _LETTERS:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        if len(text) > 17 or abs(int(text)) > _MAXIMUM:
            raise Ambiguous("a number beyond 2**53, which JSON readers round", number=True)
        return int(text)
    if _NUMBER.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            raise Ambiguous("a number too large to hold", number=True)
        return number
    kind = _kind_of_yaml11(text)
    if kind == "timestamp":
        return PlainDate(text)
    if kind:
        raise Ambiguous(_KINDS.get(kind, kind), number=kind in ("int", "float"))
    if _CORE_NUMBER.fullmatch(text):
        raise Ambiguous("a number", number=True)
    return text


def _kind_of_yaml11(text: str) -> str:
    """The last part of the tag by which PyYAML resolves ``text``; "" for text."""
    if text in _LETTERS:
        return "bool"
    for tag, pattern in yaml.SafeLoader.yaml_implicit_resolvers.get(text[0], ()):
        if pattern.match(text):
            return str(tag).rpartition(":")[2]
    return ""
