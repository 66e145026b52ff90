"""Licences as SPDX writes them: expressions that are certain, and the plain names of those that are not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

__all__ = ["conjunction", "is_identifier", "licences_in", "one_line", "spdx_expression"]

_LONGEST: Final = 2000
_DEEPEST: Final = 20
# Controls, invisible and direction-changing characters, surrogates, what XML lacks. Listed, for what Python calls
# printable depends on its version, and a lock must not.
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff0-\uffff]"
)
_WORDS: Final = frozenset({"AND", "OR", "(", ")"})


def spdx_expression(text: str) -> str:
    """The normal spelling of a licence expression (PEP 639, SPDX 2.3 annex D), or "" where it is none."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    if len(text) > _LONGEST or text.count("(") > _DEEPEST or not text.isascii() or not text.isprintable():
        return ""
    try:
        return canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        return ""


def is_identifier(expression: str) -> bool:
    """Whether an expression is one identifier of SPDX's list and nothing else."""
    return not expression.startswith("LicenseRef-") and not any(sign in expression for sign in " +()")


def licences_in(expression: str) -> frozenset[str]:
    """The licences that an expression names, each with its exception."""
    tokens = expression.replace("(", " ( ").replace(")", " ) ").replace(" WITH ", "\0").split()
    return frozenset(token.replace("\0", " WITH ") for token in tokens if token not in _WORDS)


def conjunction(expressions: Iterable[str]) -> str:
    """One expression that says that all of several apply; "" for none."""
    found = list(expressions)
    if len(found) == 1:
        return found[0]
    return " AND ".join(f"({each})" if " OR " in each else each for each in found)


def one_line(text: str, *, longest: int = 500) -> str:
    """A text as one line for people: white space collapsed, characters that nobody sees replaced by U+FFFD.

    "" where more than ``longest`` characters are left: that is no name.
    """
    if len(text) > 100 * longest:
        return ""
    line = " ".join(text.split())
    if len(line) > longest:
        return ""
    return _UNSEEN.sub("\ufffd", line)
