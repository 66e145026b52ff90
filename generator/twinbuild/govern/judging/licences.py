"""Which licences of an expression nobody can avoid (SPDX 2.3, annex D): of ``A OR B`` one may be chosen."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from twinbuild.codec.spdx import spdx_expression

__all__ = ["bound_by", "matches", "named_in"]

_BETWEEN: Final = re.compile(r"[\s(),;/|&]+")


def matches(licence: str, patterns: tuple[str, ...]) -> bool:
    """Whether a licence is one of these, or begins like one that ends in a star; case does not count."""
    folded = licence.lower()
    return any(
        folded.startswith(each[:-1].lower()) if each.endswith("*") else folded == each.lower() for each in patterns
    )


def bound_by(expression: str, forbidden: Callable[[str], bool]) -> tuple[str, ...] | None:
    """The forbidden licences that a component can't be had without; () for none, None for what is no expression."""
    normal = spdx_expression(expression) if expression else ""
    if not normal:
        return None
    tokens = normal.replace("(", " ( ").replace(")", " ) ").replace(" WITH ", "\0").split()
    tokens.reverse()
    return tuple(sorted(_either(tokens, forbidden)))


def named_in(text: str) -> tuple[str, ...]:
    """What a text that is no expression may name: itself, and each of its words. No choice is read into it."""
    return tuple(dict.fromkeys(each for each in (text, *_BETWEEN.split(text)) if each))


def _either(tokens: list[str], forbidden: Callable[[str], bool]) -> frozenset[str]:
    choices = [_all(tokens, forbidden)]
    while tokens and tokens[-1] == "OR":
        tokens.pop()
        choices.append(_all(tokens, forbidden))
    return min(choices, key=len)


def _all(tokens: list[str], forbidden: Callable[[str], bool]) -> frozenset[str]:
    found = _one(tokens, forbidden)
    while tokens and tokens[-1] == "AND":
        tokens.pop()
        found |= _one(tokens, forbidden)
    return found


def _one(tokens: list[str], forbidden: Callable[[str], bool]) -> frozenset[str]:
    token = tokens.pop()
    if token == "(":  # noqa: S105  a bracket
        found = _either(tokens, forbidden)
        tokens.pop()
        return found
    licence = token.replace("\0", " WITH ")
    plain = licence.partition(" WITH ")[0].removesuffix("+")
    return frozenset([licence] if forbidden(licence) or forbidden(plain) else ())
