"""The beginning of a file of Rego, and what the compiler says of a text that is none."""

from __future__ import annotations

import re
from typing import Final

from twinbuild.codec.rego.plan import PlanFault

__all__ = ["NOT_REGO", "NoPackage", "package_of", "said_by_compiler"]

NOT_REGO: Final = "this is not Rego: "
_BEFORE: Final = re.compile(r"(?:\s+|#[^\n]*)*", re.ASCII)
_PACKAGE: Final = re.compile(r"package[ \t]+([a-zA-Z_]\w*(?:\.[a-zA-Z_]\w*)*)[ \t]*(?=\r?\n|#|$)", re.ASCII)
_ERROR: Final = re.compile(rb"\(error(?: \d+:([^|\n]{1,200})\|(\d+)\|\d+)?\s+\(errormsg (\d+):")
_PLACE: Final = re.compile(rb"\d+:([^|\n]{1,200})\|(\d+)\|\d+")
_LONGEST: Final = 300
_MOST: Final = 50


class NoPackage(Exception):
    """A file that does not begin with a package."""


def package_of(text: str) -> tuple[str, ...]:
    """The package of a file, as it says after comments and blank lines. Raises NoPackage."""
    begin = _BEFORE.match(text)
    assert begin is not None
    found = _PACKAGE.match(text, begin.end())
    if found is None:
        raise NoPackage
    return tuple(found[1].split("."))


def said_by_compiler(said: str, sources: dict[str, str]) -> tuple[PlanFault, ...]:
    """The errors of the compiler's answer (an S-expression), at their places; at least one."""
    content, found = said.encode(errors="replace"), []
    for match in _ERROR.finditer(content):
        size = int(match[3])
        message = content[match.end() : match.end() + min(size, _LONGEST)].decode(errors="replace")
        place = match if match[1] is not None else _PLACE.search(content, match.end() + size)
        name, offset = (place[1].decode(errors="replace"), int(place[2])) if place is not None else ("", 0)
        line, column = _position(sources[name], offset) if name in sources else (0, 0)
        found.append(_fault(message, name if name in sources else "", line, column))
    return tuple(dict.fromkeys(found))[:_MOST] or (_fault(" ".join(said.split())[:_LONGEST] or "no reason", "", 0, 0),)


def _fault(message: str, file: str, line: int, column: int) -> PlanFault:
    said = f"{NOT_REGO}{message}"
    hint = "correct it; `opa check` and `conftest verify` look at the same text"
    return PlanFault(code="TB8892", message=said, hint=hint, file=file, line=line, column=column)


def _position(text: str, offset: int) -> tuple[int, int]:
    """Line and column (in characters, from 1) of a byte."""
    before = text.encode()[:offset].decode(errors="ignore")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
