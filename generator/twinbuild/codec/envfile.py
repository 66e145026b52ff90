"""Environment files: lines ``NAME=VALUE``, as Docker's ``--env-file`` reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from twinbuild.errors import Finding, Location, UsageError

__all__ = ["Assignment", "parse_env_file"]

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_LARGEST: Final = 1 << 20  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A variable, its value as written, and the line (from 1)."""

    name: str
    value: str
    line: int


def parse_env_file(name: str, content: bytes) -> tuple[Assignment, ...]:
    """The assignments of a file, in order. Quotes are part of a value. ``name`` is the file's, for messages.

    Raises UsageError TB7101 with every line that is none. No message shows a value: it may be a secret.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        where = content.count(b"\n", 0, error.start) + 1
        raise UsageError((_finding("the line is not UTF-8", "save the file as UTF-8", name, where),)) from None
    if len(text) > _LARGEST:
        raise UsageError((_finding("the file has more than a million characters", "name another file", name, 1),))
    found: list[Assignment] = []
    findings: list[Finding] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        variable, equals, value = line.lstrip().removesuffix("\r").partition("=")
        if not equals:
            hint = "write NAME=VALUE; a name alone would depend on who runs this"
            findings.append(_finding("the line has no `=`", hint, name, number))
        elif not _NAME.fullmatch(variable):
            hint = "use letters, digits and '_', without `export` and without blanks around `=`"
            findings.append(_finding("what stands before `=` is no name of a variable", hint, name, number))
        elif "\0" in value:
            findings.append(_finding(f"the value of {variable} has a NUL", "take it out", name, number))
        elif variable in seen:
            hint = "take one of them out"
            findings.append(_finding(f"{variable} is set in line {seen[variable]} already", hint, name, number))
        else:
            seen[variable] = number
            found.append(Assignment(name=variable, value=value, line=number))
    if findings:
        raise UsageError(tuple(findings))
    return tuple(found)


def _finding(message: str, hint: str, name: str, line: int) -> Finding:
    return Finding(code="TB7101", message=message, hint=hint, where=Location(file=name, line=line, column=1))
