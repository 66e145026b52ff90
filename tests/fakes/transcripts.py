"""Pages as transcripts: what the documentation has people type, and what it says that they then see."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Step", "mentioned", "steps", "words_of"]

_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN: Final = re.compile(r"`((?:[^`\n]|\n(?!\n))+)`")
_HERE: Final = re.compile(r"<<-?\s*'?(\w+)'?")
_PROMPT: Final = "$ "
_KEYWORDS: Final = frozenset({"do", "then", "else", "if", "while", "!"})
_ASSIGNMENT: Final = re.compile(r"[A-Z_a-z][A-Z_a-z0-9]*=.*", re.DOTALL)
_REDIRECTION: Final = re.compile(r"\d*[<>]+&?\d*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command as it is typed, the lines that the page shows below it, and the line of the page where it stands."""

    command: str
    shown: tuple[str, ...]
    line: int


def steps(page: Path) -> tuple[Step, ...]:
    """All commands of a page, in their order: what follows ``$ `` in a block without a language, and its output.

    A line that ends with a backslash goes on in the next one, and a here-document up to its last line.
    """
    text = page.read_text(encoding="utf-8")
    found: list[Step] = []
    for block in _BLOCK.finditer(text):
        if block[1] in ("", "console", "sh"):
            first = text.count("\n", 0, block.start(2)) + 1
            found += _steps(block[2].splitlines(), first)
    return tuple(found)


def _steps(lines: list[str], first: int) -> Iterator[Step]:
    at = 0
    while at < len(lines):
        start = at
        if not lines[at].startswith(_PROMPT):
            at += 1
            continue
        typed = [lines[at].removeprefix(_PROMPT)]
        while _goes_on(typed):
            at += 1
            typed.append(lines[at])
        at += 1
        shown = at
        while at < len(lines) and not lines[at].startswith(_PROMPT):
            at += 1
        yield Step(command="\n".join(typed), shown=tuple(lines[shown:at]), line=first + start)


def _goes_on(typed: list[str]) -> bool:
    """Whether a shell would ask for another line."""
    here = _HERE.search(typed[0])
    if here is not None:
        return typed[-1] != here[1]
    try:
        shlex.split("\n".join(typed), comments=True)
    except ValueError:  # a quotation is open
        return True
    return typed[-1].endswith("\\")


def mentioned(page: Path) -> Iterator[str]:
    """Commands within sentences: spans of code that begin with ``twinbuild``."""
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    for span in _SPAN.findall(text):
        if span.startswith("twinbuild "):
            yield " ".join(span.split())


def words_of(command: str) -> Iterator[tuple[str, ...]]:
    """The words behind each ``twinbuild`` of a command of the shell, as a program would get them."""
    lexer = shlex.shlex(_flat(command), posix=True, punctuation_chars="|&;()")
    lexer.whitespace_split = True
    simple: list[str] = []
    for word in (*lexer, ";"):
        if word and set(word) <= set("|&;()"):
            yield from _called(simple)
            simple = []
        else:
            simple.append(word)


def _flat(command: str) -> str:
    """Without here-documents and line ends."""
    text = command.replace("\\\n", " ")
    return text.partition("\n")[0] if _HERE.search(text) else text.replace("\n", ";")


def _called(simple: list[str]) -> Iterator[tuple[str, ...]]:
    words = list(simple)
    while words and (words[0] in _KEYWORDS or _ASSIGNMENT.fullmatch(words[0])):
        words.pop(0)
    if words[:1] == ["sh"]:
        words.pop(0)
    if not words or words[0].rpartition("/")[2] != "twinbuild":
        return
    kept: list[str] = []
    skip = False
    for word in words[1:]:
        if skip or _REDIRECTION.match(word):
            skip = bool(_REDIRECTION.fullmatch(word))
        else:
            kept.append(word)
    yield tuple(kept)
