"""Whether what a service prints has the declared form: one record a line, with these fields and no others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from twinbuild.model.spec.observability import Logs

__all__ = ["bad_lines", "fields_of"]

_LOGFMT: Final = re.compile(r'([A-Za-z0-9][A-Za-z0-9._/-]*)=("(?:[^"\\]|\\.)*"|[^\s"=]*)')
_LONGEST: Final = 1 << 20


def bad_lines(content: bytes, logs: Logs) -> Iterator[tuple[int, str]]:
    """Number and fault of each line that is not as declared; an unfinished last line is not looked at."""
    if logs.format == "text":
        return
    needed, known = set(logs.fields), {*logs.fields, *logs.optional}
    lines = content.split(b"\n")[:-1]
    for number, line in enumerate(lines, 1):
        fields = fields_of(line, logs.format)
        if isinstance(fields, str):
            yield number, fields
        elif missing := sorted(needed - fields.keys()):
            yield number, f"it lacks the field {missing[0]!r}"
        elif known and (unknown := sorted(fields.keys() - known)):
            yield number, f"it has the field {unknown[0]!r}, which is neither in 'fields' nor in 'optional'"


def fields_of(line: bytes, form: str) -> dict[str, object] | str:
    """The fields of a line, or why it has none."""
    try:
        text = line.decode("utf-8").removesuffix("\r")
    except UnicodeDecodeError:
        return "it is not UTF-8"
    if len(text) > _LONGEST:
        return f"it has more than {_LONGEST} characters"
    return _json(text) if form == "json" else _logfmt(text)


def _json(text: str) -> dict[str, object] | str:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return "it is no JSON"
    return value if isinstance(value, dict) else "it is JSON, but no object"


def _logfmt(text: str) -> dict[str, object] | str:
    fields: dict[str, object] = {}
    position = 0
    while position < len(text):
        match = _LOGFMT.match(text, position)
        if match is None:
            return 'it is no logfmt (key=value key="a value")'
        fields[match[1]] = match[2].strip('"')
        position = match.end()
        if position < len(text):
            if text[position] != " ":
                return 'it is no logfmt (key=value key="a value")'
            position += 1
    return fields or "it is empty"
