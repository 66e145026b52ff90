"""What a Dockerfile may say if its build is to need no network and no input beside its context and base.

``--network none`` takes the network from RUN alone: FROM, COPY --from, ADD of an address and a ``# syntax`` line fetch
all the same, and cache, secret and ssh mounts bring in what nobody declared. The reader below knows as much of the
format as it takes to see these (Dockerfile reference: "Format", "Parser directives", "RUN --mount"). What BuildKit's
reader and this one could take for different things (quotes in flags, escapes in sources, odd spaces) is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from twinbuild.errors import Finding, Location

__all__ = ["unhermetic"]

_DIRECTIVE: Final = re.compile(r"\ufeff?\s*(?:#|//)\s*(syntax|escape)\s*=", re.IGNORECASE)
_COMMENT: Final = re.compile(r"\s*#")
_CONTINUED: Final = re.compile(r"(^|[^\\])\\[ \t]*$")  # two backslashes at the end of a line are none
_BLANK: Final = re.compile(r"[ \t]+")
_FLAG: Final = re.compile(r"--([a-z-]+)(?:=([^\s\"'\\<`]*))?(?:[ \t]+|$)")
_EDGE: Final = re.compile(r"^[ \t]*(?![ \t])[\s\x00-\x1f\x7f-\x9f\ufeff]|[^\S \t]$|[\x00-\x08\x0e-\x1f\x7f-\x9f]$")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_REMOTE: Final = re.compile(r"[:$\"'\\<`]|^github\.com/")
_FIELDS: Final = frozenset(
    {"type", "from", "source", "src", "target", "dst", "destination", "ro", "readonly", "rw", "readwrite", "size"}
)
_FREE: Final = frozenset({"ENV", "LABEL"})  # whose quoted values may be any text
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


def unhermetic(text: str, *, name: str, base: str = "") -> tuple[Finding, ...]:
    """Every finding TB5231 of a Dockerfile; ``name`` is where it came from, for the message.

    ``base`` is the lock's base image, NAME@sha256:…, the only one that the stage ``base`` may begin with; "" for none.
    """
    found: list[Finding] = []
    stages = {"scratch"}
    for number, line in enumerate(text.split("\n"), start=1):
        match = _DIRECTIVE.match(line)
        if match is not None:
            message = f"a {match[1].lower()} directive, which fetches a frontend or changes how the rest is read"
            found.append(_finding(name, number, message, "take it out; a comment must not begin with it"))
        elif _EDGE.search(line):
            message = "a control character, byte order mark or unusual space at an end of the line"
            found.append(_finding(name, number, message, "end lines with a line feed alone, indent with spaces"))
    for instruction in _instructions(text):
        for message, remedy in _objections(instruction, stages, base):
            found.append(_finding(name, instruction.line, message, remedy))
        if instruction.word == "FROM":
            words = _BLANK.split(instruction.rest)
            if len(words) == 3 and words[1].upper() == "AS":
                stages.add(words[2].lower())
    return tuple(found)


def _instructions(text: str) -> Iterator[_Instruction]:
    """Logical lines: continued ones joined, comments and empty lines left out, also in between."""
    start, parts = 0, list[str]()
    for number, line in enumerate(text.split("\n"), start=1):
        if _COMMENT.match(line) or not line.strip():
            continue
        start = start if parts else number
        parts.append(_CONTINUED.sub(r"\1", line))
        if not _CONTINUED.search(line):
            yield _parsed(start, "".join(parts).strip())
            parts = []
    if parts:
        yield _parsed(start, "".join(parts).strip())


def _parsed(line: int, text: str) -> _Instruction:
    word, *others = _BLANK.split(text, maxsplit=1)
    rest, flags = others[0] if others else "", []
    while (match := _FLAG.match(rest)) is not None:
        flags.append((match[1], match[2] or ""))
        rest = rest[match.end() :]
    return _Instruction(line, word.upper(), tuple(flags), rest)


def _objections(instruction: _Instruction, stages: set[str], base: str) -> Iterator[tuple[str, str]]:
    word = instruction.word
    if word not in _ALLOWED:
        yield f"the instruction {word[:40]!r}", f"use {', '.join(sorted(_ALLOWED))}"
        return
    if instruction.rest.startswith("--"):
        yield f"the flag {instruction.rest[:40]!r}", "write flags as --name=value, without quotes and backslashes"
    if word not in _FREE and _CONTROL.search(instruction.rest):
        yield f"a control character in {word}", "take it out"
    if word == "FROM":
        yield from _from(instruction, stages, base)
    if word in ("ADD", "COPY"):
        yield from _sources(instruction, stages)
    if word == "RUN":
        yield from _run(instruction, stages)
    if word in ("ADD", "COPY", "RUN") and "<<" in instruction.rest and not _is_json(instruction.rest):
        yield "a here-document", "write the exec form, or put a file into the context"


def _from(instruction: _Instruction, stages: set[str], base: str) -> Iterator[tuple[str, str]]:
    words = _BLANK.split(instruction.rest)
    names_base = len(words) == 3 and words[2].lower() == _BASE
    if words[0].lower() not in stages and not (base and words[0] == base and names_base):
        yield (
            f"FROM {words[0][:120]!r}, which is no stage of this file",
            f"begin at the stage {_BASE!r}, which is the lock's",
        )
    if instruction.flags:
        yield "FROM with a flag", "leave the platform to the builder"


def _sources(instruction: _Instruction, stages: set[str]) -> Iterator[tuple[str, str]]:
    for flag, value in instruction.flags:
        if flag == "from" and value.lower() not in stages:
            yield f"{instruction.word} from {value[:120]!r}, which is no stage", "copy from the context or from a stage"
    for source in _words(instruction.rest)[:-1]:
        if _REMOTE.search(source):
            yield f"{instruction.word} of {source[:120]!r}", "name a file of the context, by a plain name"


def _run(instruction: _Instruction, stages: set[str]) -> Iterator[tuple[str, str]]:
    for flag, value in instruction.flags:
        if flag == "mount":
            fields = [part.partition("=")[::2] for part in value.split(",")]
            for key, setting in fields:
                if key not in _FIELDS:
                    yield f"a mount with {key[:40]!r}", f"use {', '.join(sorted(_FIELDS))}"
                if key == "type" and setting not in _MOUNTS:
                    yield f"a {setting[:40]} mount, which is no input of the release", "use a bind mount of the context"
                if key == "from" and setting and setting.lower() not in stages:
                    yield (
                        f"a mount from {setting[:120]!r}, which is no stage",
                        "mount from the context or from a stage",
                    )
        elif flag != "network" or value != "none":
            yield f"RUN with --{flag}={value[:40]}", "take it out: steps have no network and no privileges"


def _words(rest: str) -> list[str]:
    """Sources and target of ADD and COPY. What is no JSON to us may be some to BuildKit: its quotes are refused."""
    if _is_json(rest):
        return [str(item) for item in json.loads(rest)]
    return _BLANK.split(rest.strip())


def _is_json(rest: str) -> bool:
    if not rest.startswith("["):
        return False
    try:
        items = json.loads(rest)
    except (ValueError, RecursionError):
        return False
    return isinstance(items, list) and all(isinstance(item, str) for item in items)


def _finding(name: str, line: int, message: str, remedy: str) -> Finding:
    return Finding(
        code="TB5231",
        message=f"line {line} of the rendered Dockerfile has {message}",
        hint=remedy,
        where=Location(file=name),
    )
