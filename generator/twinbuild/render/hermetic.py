"""What a Dockerfile may say if its build is to need no network and no input beside its context and base.

``--network none`` takes the network from RUN alone: FROM, COPY --from, ADD of an address and a ``# syntax`` line fetch
all the same, and cache, secret and ssh mounts bring in what nobody declared. The reader below knows as much of the
format as it takes to see these (Dockerfile reference: "Format", "Parser directives", "RUN --mount").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from twinbuild.errors import Finding, Location

__all__ = ["unhermetic"]

_DIRECTIVE: Final = re.compile(r"\s*(?:#|//)\s*(syntax|escape)\s*=", re.IGNORECASE)
_COMMENT: Final = re.compile(r"\s*#")
_CONTINUED: Final = re.compile(r"\\[ \t]*$")
_FLAG: Final = re.compile(r"--([a-z-]+)(?:=(\S*))?\s+")
_MOUNTS: Final = frozenset({"bind", "tmpfs"})
_ALLOWED: Final = frozenset(
    {"ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM"}
    | {"LABEL", "RUN", "STOPSIGNAL", "USER", "WORKDIR"}
)
_BASE: Final = "base"


@dataclass(frozen=True, slots=True)
class _Instruction:
    line: int
    word: str
    flags: tuple[tuple[str, str], ...]
    rest: str


def unhermetic(text: str, *, name: str) -> tuple[Finding, ...]:
    """Every finding TB5231 of a Dockerfile; ``name`` is where it came from, for the message."""
    found: list[Finding] = []
    stages = {"scratch"}
    for number, line in enumerate(text.split("\n"), start=1):
        match = _DIRECTIVE.match(line)
        if match is not None:
            message = f"a {match[1].lower()} directive, which fetches a frontend or changes how the rest is read"
            found.append(_finding(name, number, message, "take it out; a comment must not begin with it"))
    for instruction in _instructions(text):
        for message, remedy in _objections(instruction, stages):
            found.append(_finding(name, instruction.line, message, remedy))
        if instruction.word == "FROM":
            words = instruction.rest.split()
            if len(words) == 3 and words[1].upper() == "AS":
                stages.add(words[2].lower())
    return tuple(found)


def _instructions(text: str) -> Iterator[_Instruction]:
    """Logical lines: continued ones joined, comments and empty lines left out, also in between."""
    start, parts = 0, list[str]()
    for number, line in enumerate(text.split("\n"), start=1):
        if _COMMENT.match(line) or (not line.strip() and not parts):
            continue
        start = start if parts else number
        parts.append(_CONTINUED.sub(" ", line))
        if not _CONTINUED.search(line):
            yield _parsed(start, "".join(parts).strip())
            parts = []
    if parts:
        yield _parsed(start, "".join(parts).strip())


def _parsed(line: int, text: str) -> _Instruction:
    word, _, rest = text.partition(" ")
    rest, flags = rest.lstrip(), []
    while (match := _FLAG.match(rest)) is not None:
        flags.append((match[1], match[2] or ""))
        rest = rest[match.end() :]
    return _Instruction(line, word.upper(), tuple(flags), rest)


def _objections(instruction: _Instruction, stages: set[str]) -> Iterator[tuple[str, str]]:
    word = instruction.word
    if word not in _ALLOWED:
        yield f"the instruction {word[:40]!r}", f"use {', '.join(sorted(_ALLOWED))}"
        return
    if word == "FROM":
        yield from _from(instruction, stages)
    if word in ("ADD", "COPY"):
        yield from _sources(instruction, stages)
    if word == "RUN":
        yield from _run(instruction, stages)
    if word in ("ADD", "COPY", "RUN") and "<<" in instruction.rest and not _is_json(instruction.rest):
        yield "a here-document", "write the exec form, or put a file into the context"


def _from(instruction: _Instruction, stages: set[str]) -> Iterator[tuple[str, str]]:
    words = instruction.rest.split()
    image = words[0].lower() if words else ""
    pinned = re.fullmatch(r"\S+@sha256:[0-9a-f]{64}", image) is not None
    names_base = len(words) == 3 and words[2].lower() == _BASE
    if image not in stages and not (pinned and names_base):
        yield (
            f"FROM {image[:120]!r}, which is no stage of this file",
            f"begin at the stage {_BASE!r}, which is the lock's",
        )
    if instruction.flags:
        yield "FROM with a flag", "leave the platform to the builder"


def _sources(instruction: _Instruction, stages: set[str]) -> Iterator[tuple[str, str]]:
    for flag, value in instruction.flags:
        if flag == "from" and value.lower() not in stages:
            yield f"{instruction.word} from {value[:120]!r}, which is no stage", "copy from the context or from a stage"
    for source in _words(instruction.rest)[:-1]:
        if "://" in source or source.startswith("git@") or "$" in source:
            yield f"{instruction.word} of {source[:120]!r}", "name a file of the context"


def _run(instruction: _Instruction, stages: set[str]) -> Iterator[tuple[str, str]]:
    for flag, value in instruction.flags:
        if flag == "mount":
            fields = dict(part.partition("=")[::2] for part in value.split(","))
            kind, source = fields.get("type", "bind"), fields.get("from", "")
            if kind not in _MOUNTS:
                yield f"a {kind[:40]} mount, which is no input of the release", "use a bind mount of the context"
            if source and source.lower() not in stages:
                yield f"a mount from {source[:120]!r}, which is no stage", "mount from the context or from a stage"
        elif flag != "network" or value != "none":
            yield f"RUN with --{flag}={value[:40]}", "take it out: steps have no network and no privileges"


def _words(rest: str) -> list[str]:
    if _is_json(rest):
        return [str(item) for item in json.loads(rest)]
    return rest.split()


def _is_json(rest: str) -> bool:
    if not rest.startswith("["):
        return False
    try:
        return isinstance(json.loads(rest), list)
    except ValueError:
        return False


def _finding(name: str, line: int, message: str, remedy: str) -> Finding:
    return Finding(
        code="TB5231",
        message=f"line {line} of the rendered Dockerfile has {message}",
        hint=remedy,
        where=Location(file=name),
    )
