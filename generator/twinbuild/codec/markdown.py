"""Text and tables as Markdown (CommonMark, tables of GFM): no text becomes structure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

__all__ = ["bullets", "code", "table", "text", "unlinked"]

_ACTIVE: Final = re.compile(r"([\\`*_{}\[\]<>#~&])")
_ADDRESS: Final = re.compile(r"(?i)\b(https?|ftp)(?=://)|\b(www)(?=\.)")  # what GFM makes a link of, bare as it is
_LIST: Final = re.compile(r"^(\d*)([-+=.)])(?=\s|$|[-=])")  # what begins a list, a rule or a heading above
_BAR: Final = re.compile(r"(\\*)\|")
_BLANKS: Final = re.compile(r"[\s\x00-\x1f\x7f\x85\u2028\u2029]+")


def text(value: object) -> str:
    """A value on one line, with every character escaped that could mean something."""
    line = _BLANKS.sub(" ", str(value)).strip()
    escaped = unlinked(_ACTIVE.sub(r"\\\1", line))
    return _LIST.sub(r"\1\\\2", escaped)


def unlinked(markdown: str) -> str:
    """Text whose addresses stay text: GFM makes a link of each that is bare."""
    return _ADDRESS.sub(r"\g<0>\\", markdown)


def code(value: object) -> str:
    """A value on one line as code, whatever backticks and bars it has."""
    line = _BLANKS.sub(" ", str(value)).strip()
    if not line:
        return ""
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def bullets(entries: list[str]) -> list[str]:
    """The lines of a list whose entries are Markdown already, and an empty one; nothing where there are none."""
    return [*(f"- {entry}" for entry in entries), ""] if entries else []


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """The lines of a table whose cells are Markdown already, and an empty one; nothing where there are no rows."""
    lines = [f"| {' | '.join(_BAR.sub(_barred, cell) for cell in row)} |" for row in rows]
    if not lines:
        return []
    titles = list(head)
    return [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}", *lines, ""]


def _barred(found: re.Match[str]) -> str:
    """A bar that parts no cells: within a table alone, for in code elsewhere the backslash would be shown, and copied.

    GFM looks for bars before it looks for code. A backslash before the bar would escape ours, so it is doubled; in
    code, where that is shown, it is one too many, and there is no other way to write it.
    """
    before = found[1]
    return before + ("\\" if len(before) % 2 else "") + r"\|"
