"""Pages as transcripts: what the documentation has people type, and what it says that they then see."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = ["Shell", "Step", "mentioned", "steps", "words_of"]

_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN: Final = re.compile(r"`((?:[^`\n]|\n(?!\n))+)`")
_HERE: Final = re.compile(r"<<-?\s*'?(\w+)'?")
_PROMPT: Final = "$ "
_KEYWORDS: Final = frozenset({"do", "then", "else", "if", "while", "!"})
_ASSIGNMENT: Final = re.compile(r"[A-Z_a-z][A-Z_a-z0-9]*=.*", re.DOTALL)
_MARK: Final = "=== end of step"
_PROGRESS: Final = "twinbuild: "
# What differs from run to run; an ellipsis within a line is anything.
_ANY: Final = (
    r"[0-9a-f]{12,}",  # keys, and digests that are not elided
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    r"\d{4}-\d\d-\d\d",
    r"[A-Za-z0-9+/]{43}=",  # the root of a tree
    r"\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{40,}",  # a verifier's key
    r"in \d+ s\b",
    r"\b\d+ hours old",
    r"   \d+\.\d MB",  # in the list of an archive: twinbuild itself is in it
    r"\d+ files\b",  # of a release, signatures among them
)
_VARIES: Final = re.compile("(" + "|".join((*_ANY, "…")) + ")")
_REDIRECTION: Final = re.compile(r"\d*[<>]+&?\d*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command as it is typed, the lines that the page shows below it, and the line of the page where it stands."""

    command: str
    shown: tuple[str, ...]
    line: int

    @property
    def fails(self) -> bool:
        """Whether the command ends with another status than 0: an error is shown, or a difference or a finding."""
        found = re.search(r"^(error\[|fails )", "\n".join(self.shown), re.MULTILINE)
        return found is not None or "twinbuild diff " in self.command


def steps(page: Path, *, since: str = "", until: str = "") -> tuple[Step, ...]:
    """The commands of a page, in their order: what follows ``$ `` in a block without a language, and its output.

    A line that ends with a backslash goes on in the next one, and a here-document up to its last line. ``since`` and
    ``until`` are headings: from the one to the other, which must be there.
    """
    text = page.read_text(encoding="utf-8")
    first = text.index(f"\n{since}\n") if since else 0
    last = text.index(f"\n{until}\n") if until else len(text)
    inside = range(text.count("\n", 0, first), text.count("\n", 0, last) + 1)
    found: list[Step] = []
    for block in _BLOCK.finditer(text):
        if block[1] in ("", "console", "sh"):
            found += _steps(block[2].splitlines(), text.count("\n", 0, block.start(2)) + 1)
    return tuple(step for step in found if step.line in inside)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """Where pages are followed. ``places`` are directories that pages name, and those that stand for them here."""

    directory: Path
    environment: Mapping[str, str]
    places: Mapping[str, Path] = field(default_factory=dict)
    umask: int = -1

    def follow(self, found: Sequence[Step]) -> None:
        """Type the commands one after the other in one shell; each must print what the page shows.

        Raises AssertionError with the line of the page, and what came in place of what is shown there.
        """
        done = subprocess.run(
            ["bash", "-s"],
            input="\n".join(self._typed(step) for step in found),
            cwd=self.directory,
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            umask=self.umask,
            timeout=1200,
            check=False,
        )
        parts = re.split(rf"^{_MARK} (\d+)\n", done.stdout, flags=re.MULTILINE)
        assert len(parts) == 2 * len(found) + 1, done.stdout
        wrong = []
        for step, printed, status in zip(found, parts[::2], map(int, parts[1::2]), strict=False):
            lines = [line for line in printed.splitlines() if line and not line.startswith(_PROGRESS)]
            said = f"line {step.line}: $ {step.command}\n" + "\n".join(lines)
            if not re.fullmatch(self._expected(step.shown), "".join(f"{line}\n" for line in lines)):
                wrong.append(said)
            elif (status != 0) != step.fails:
                wrong.append(f"{said}\nexit {status}")
        assert wrong == [], "\n\n".join(wrong)

    def _typed(self, step: Step) -> str:
        command = step.command
        for named, here in self.places.items():
            command = command.replace(named, shlex.quote(str(here)))
        # The status of the command before is what `$?` says, as at a prompt.
        return f'(exit "${{_status:-0}}")\n{command}\n_status=$?\nprintf "{_MARK} %s\\n" "$_status"'

    def _expected(self, shown: Sequence[str]) -> str:
        """A pattern of what is shown: an ellipsis stands for anything, and what differs from run to run is any such."""
        lines = []
        for line in filter(None, shown):
            if line == "…":
                lines.append(r"(?:[^\n]*\n)*?")
                continue
            for named, here in self.places.items():
                line = line.replace(named, str(here))  # noqa: PLW2901
            lines.append("".join(_pattern(part) for part in _VARIES.split(line)) + r"\n")
        return "".join(lines)


def _pattern(part: str) -> str:
    if part == "…":
        return ".*"
    return next((pattern for pattern in _ANY if re.fullmatch(pattern, part)), None) or re.escape(part)
