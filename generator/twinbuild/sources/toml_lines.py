"""The line of a key in a TOML text, for messages: the standard parser gives values, but no places."""

from __future__ import annotations

import re

from twinbuild.errors import Location

__all__ = ["locate"]

_HEADER = re.compile(r"\s*\[([^\[\]]+)\]")
_KEY = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*[.=]""")


def locate(text: str, file: str, table: str, key: str) -> Location:
    """Where ``key`` of ``table`` ("" for the top) stands in a text that was parsed, as far as a plain look finds it."""
    current = ""
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header is not None:
            current = header[1].strip().strip("\"'")
            if not table and current.partition(".")[0] == key:
                return _place(file, number, line, header.start(1), key)
            continue
        found = _KEY.match(line)
        name = next((part for part in found.groups() if part is not None), "") if found is not None else ""
        if found is not None and current == table and name == key:
            return _place(file, number, line, len(line) - len(line.lstrip()), key)
    return Location(file=file)


def _place(file: str, number: int, line: str, column: int, key: str) -> Location:
    shown = re.sub(r"""//[^/@]*@|[^/@\s"']*:[^/@"']*@""", _hidden, line)
    return Location(file=file, line=number, column=column + 1, excerpt=shown, width=len(key))


def _hidden(match: re.Match[str]) -> str:
    return "//***@" if match[0].startswith("//") else "***@"
