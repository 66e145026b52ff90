"""entry_points.txt, strictly ("Entry points specification"): names become file names, values become code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from twinbuild.errors import Finding, IntegrityError
from twinbuild.wheel.faults import finding

__all__ = ["EntryPoint", "parse_entry_points"]

_SCRIPTS: Final = ("console_scripts", "gui_scripts")
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", re.ASCII)
_DOTTED: Final = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_REFERENCE: Final = re.compile(rf"({_DOTTED})\s*:\s*({_DOTTED})(?:\s*\[[\w\s,.-]*\])?")
_MOST: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPoint:
    """A script to generate: its file name and the function that it calls."""

    name: str
    module: str
    attribute: str
    gui: bool


def parse_entry_points(content: bytes, *, archive: str, member: str) -> tuple[EntryPoint, ...]:
    """The scripts, in the file's order; other groups must only be well formed.

    Raises IntegrityError TB4108 with a finding for each line that is malformed, repeated, ambiguous between readers,
    or names a file or an object in a way that could be anything else.
    """
    try:
        lines = content.decode().replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError as error:
        raise IntegrityError((finding("TB4108", f"is not UTF-8: {error}", archive=archive, member=member),)) from None
    reader = _Reader()
    findings: list[Finding] = []
    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        reason = reader.take(raw, line)
        if reason and len(findings) < _MOST:
            findings.append(
                finding("TB4108", f"line {number}: {line[:120]!r} {reason}", archive=archive, member=member)
            )
    if findings:
        raise IntegrityError(tuple(findings))
    return tuple(reader.points.values())


class _Reader:
    """The state between lines: which group it is, and what has been named in it."""

    def __init__(self) -> None:
        self.points: dict[str, EntryPoint] = {}
        self._group = ""
        self._groups: set[str] = set()
        self._keys: set[str] = set()
        self._depth = 0

    def take(self, raw: str, line: str) -> str:
        """Read one line that is not empty; the answer says what is wrong with it."""
        indent = len(raw) - len(raw.lstrip())
        if not all(character.isprintable() or character == "\t" for character in raw):
            return "has a control character"
        if line.startswith("["):
            self._group, self._depth, self._keys = line[1:-1].strip(), indent, set()
            if not line.endswith("]") or not self._group or self._group in self._groups:
                return "is no group of its own"
            self._groups.add(self._group)
            return ""
        if indent > self._depth and self._keys:
            return "is indented: readers disagree whether it continues the line before"
        self._depth = indent
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not key or not self._group or key in self._keys:
            return "is not name = value, stands before any group, or repeats a name"
        self._keys.add(key)
        if self._group in _SCRIPTS:
            return _script(self.points, key, value, gui=self._group == "gui_scripts")
        return ""


def _script(points: dict[str, EntryPoint], name: str, value: str, *, gui: bool) -> str:
    match = _REFERENCE.fullmatch(value)
    if not _NAME.fullmatch(name) or len(name) > 255:
        return "has a name that is no plain file name (letters, digits, '_', '.', '-')"
    if match is None:
        return "has a value that is not module:function"
    if name in points:
        return "is both a console script and a gui script"
    points[name] = EntryPoint(name=name, module=match[1], attribute=match[2], gui=gui)
    return ""
