"""``WWW-Authenticate`` (RFC 9110); registries use Basic (RFC 7617) and Bearer with a token service."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Challenge", "parse_challenges"]

_LONGEST: Final = 8192
_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_SCHEME: Final = re.compile(rf"\s*({_WORD})(?:\s+|\s*(?=,|$))", re.ASCII)
_PARAMETER: Final = re.compile(rf'\s*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_WORD}))\s*(?:,|$)', re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One way in which a server lets somebody in: the scheme in lower case, and its parameters."""

    scheme: str
    parameters: tuple[tuple[str, str], ...]

    def parameter(self, name: str) -> str:
        """A parameter, or ""."""
        return dict(self.parameters).get(name, "")


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """The challenges of a header; what cannot be read ends the list, since nothing sure comes behind it."""
    found: list[Challenge] = []
    text, at = header if len(header) <= _LONGEST else "", 0
    while at < len(text):
        scheme = _SCHEME.match(text, at)
        if scheme is None:
            break
        at = scheme.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(text, at):
            value = re.sub(r"\\(.)", r"\1", parameter[2]) if parameter[2] is not None else parameter[3]
            parameters.setdefault(parameter[1].lower(), value)
            at = parameter.end()
        found.append(Challenge(scheme=scheme[1].lower(), parameters=tuple(parameters.items())))
        at += len(text[at:]) - len(text[at:].lstrip(", \t"))
    return tuple(found)
