"""Findings as text for people, in the manner of a compiler, and as JSON for programs. Pure: nothing is printed here."""

from __future__ import annotations

import unicodedata
from itertools import groupby
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.codec.mask import mask, mask_path
from twinbuild.errors import Finding, Location

__all__ = ["findings_json", "render_findings"]

_APART: Final = 3  # findings of one kind that stand apart, each with its remedy
_WINDOW: Final = 100  # columns of a source line that are shown
_RED: Final = "\x1b[1;31m"
_BLUE: Final = "\x1b[1;34m"
_BOLD: Final = "\x1b[1m"
_CYAN: Final = "\x1b[36m"
_RESET: Final = "\x1b[0m"


def render_findings(findings: tuple[Finding, ...], *, color: bool = False) -> str:
    """All findings as one text that ends in a line end. Secrets are masked, control characters are written out.

    Many of one kind that stand together, such as a hundred missing files, have their one remedy once, below the last.
    """
    width = max((len(str(finding.where.line)) for finding in findings if finding.where.line), default=1)
    blocks: list[str] = []
    for _, alike in groupby(findings, key=lambda each: (each.code, each.hint, each.where.excerpt)):
        group = tuple(alike)
        together = len(group) > _APART and not group[0].where.excerpt
        made = [_block(each, width, color=color, helped=not together or each is group[-1]) for each in group]
        blocks += ["".join(made)] if together else made
    return "\n".join(blocks)


def findings_json(findings: tuple[Finding, ...]) -> list[Json]:
    """The same facts as JSON values, one object for each finding."""
    return [
        {
            "code": finding.code,
            "message": mask(finding.message),
            "hint": mask(finding.hint),
            "file": mask_path(finding.where.file),
            "line": finding.where.line,
            "column": finding.where.column,
            "width": finding.where.width,
            "pointer": mask(finding.where.pointer),
            "subject": mask(finding.where.subject),
        }
        for finding in findings
    ]


def _block(finding: Finding, width: int, *, color: bool, helped: bool) -> str:
    def paint(style: str, text: str) -> str:
        return f"{style}{text}{_RESET}" if color else text

    where = finding.where
    margin = " " * width
    head = f"{paint(_RED, f'error[{finding.code}]')}{paint(_BOLD, ': ' + _visible(mask(finding.message)))}"
    lines = [head]
    place = _visible((mask_path if where.file else mask)(str(where)))
    if place:
        lines.append(f"{margin}{paint(_BLUE, '-->')} {place}")
    if where.excerpt and where.line:
        source, start, length = _window(where)
        bar = paint(_BLUE, "|")
        number = paint(_BLUE, str(where.line).rjust(width))
        lines += [
            f"{margin} {bar}",
            f"{number} {bar} {source}".rstrip(),
            f"{margin} {bar} {' ' * start}{paint(_RED, '^' * length)}",
        ]
    if helped:
        lines.append(f"{margin} {paint(_BLUE, '=')} {paint(_CYAN, 'help:')} {_visible(mask(finding.hint))}")
    return "\n".join(lines) + "\n"


def _window(where: Location) -> tuple[str, int, int]:
    """The part of the source line around the place, and the columns at which the mark begins and how long it is."""
    line = mask(where.excerpt)
    begin = min(max(where.column - 1, 0), len(line))
    end = min(max(begin + where.width, begin + 1), max(len(line), begin + 1))
    first = max(0, begin - _WINDOW // 2) if len(line) > _WINDOW else 0
    last = min(len(line), first + _WINDOW)
    before = ("…" if first else "") + _visible(line[first:begin])
    marked = _visible(line[begin : min(end, last)])
    after = _visible(line[min(end, last) : last]) + ("…" if last < len(line) else "")
    return before + marked + after, _columns(before), max(1, _columns(marked))


def _visible(text: str) -> str:
    """``text`` on one line, with each character that does not show, or that steers a terminal, as its code point."""
    return "".join(
        character
        if character == " " or (unicodedata.category(character)[0] not in "CZ" and character != "\u2800")
        else f"<U+{ord(character):04X}>"
        if character != "\t"
        else "    "
        for character in text
    )


def _columns(text: str) -> int:
    """Columns of a terminal: wide characters take two, combining ones none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
