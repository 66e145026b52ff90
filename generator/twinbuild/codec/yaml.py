"""A strict reader of YAML: one document, one reading, every finding with its place.

Text is read event by event, so that neither depth nor aliases can exhaust anything. Refused are tags, anchors, aliases,
merge keys, duplicate keys, keys that are not text, ambiguous scalars, a second document, and characters that do not
show. A byte-order mark and CRLF line ends are accepted and change no value.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol

import yaml

from twinbuild.codec.amounts import counted
from twinbuild.codec.marked import MAXIMUM_BYTES, place_of
from twinbuild.codec.nodes import MappingNode, Mark, Node, ScalarNode, SequenceNode
from twinbuild.codec.scalars import Ambiguous, read_plain
from twinbuild.errors import Finding, Location

__all__ = [
    "MAXIMUM_BYTES",
    "MAXIMUM_DEPTH",
    "MAXIMUM_NODES",
    "SourceText",
    "all_shows",
    "parse_yaml",
]

MAXIMUM_DEPTH: Final = 50
MAXIMUM_NODES: Final = 20_000

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What YAML itself forbids (1.2, production 1), what does not show, and what changes the order of reading. Joiners and
# variation selectors stay: scripts and emoji need them, and names are of ASCII anyway.
_HIDDEN: Final = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff"
)
_FORBIDDEN_VALUE: Final = re.compile(f"[{_HIDDEN}]")
_VALUE: Final = re.compile(r":\s")  # the end of a key
_BRACKET: Final = re.compile(r"[\[\]{}]")
_FORBIDDEN_TEXT: Final = re.compile(f"[{_HIDDEN}\r]")
_HIDDEN_HINT: Final = "take it out: it does not show, or other programs refuse it"
_MAXIMUM_FINDINGS: Final = 100  # of one kind in one file


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    """A file as it was read: a name for messages, and its bytes."""

    name: str
    content: bytes


class _Place(Protocol):
    """What the marks of both of PyYAML's loaders have: line and column from 0."""

    line: int
    column: int


@dataclass(slots=True)
class _Open:
    """A collection that has not ended."""

    mark: Mark
    mapping: bool
    items: list[Node]
    key: ScalarNode | None
    entries: list[tuple[ScalarNode, Node]]
    seen: dict[str, Mark]
    skip: bool  # its place in its parent has no proper key


class _Reader:
    """One pass over the events of one file."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.lines = text.split("\n")
        self.findings: list[Finding] = []
        self.stack: list[_Open] = []
        self.root: Node | None = None
        self.documents = 0
        self.nodes = 0

    def find(self, code: str, message: str, hint: str, mark: Mark) -> None:
        where = place_of(mark, self.lines)
        self.findings.append(Finding(code=code, message=message, hint=hint, where=where))

    def mark(self, start: _Place | None, end: _Place | None = None) -> Mark:
        if start is None:
            return _start(self.name)
        width = end.column - start.column if end is not None and end.line == start.line else 1
        return Mark(file=self.name, line=start.line + 1, column=start.column + 1, width=max(1, width))

    def refuse_hidden(self) -> bool:
        """Whether the text, comments included, has characters that do not show."""
        for match in islice(_FORBIDDEN_TEXT.finditer(self.text), _MAXIMUM_FINDINGS):
            line = self.text.count("\n", 0, match.start()) + 1
            column = match.start() - self.text.rfind("\n", 0, match.start())
            mark = Mark(file=self.name, line=line, column=column)
            self.find("TB1014", f"the text has the character {_character(match[0])}", _HIDDEN_HINT, mark)
        return bool(self.findings)

    def read(self) -> Node | None:
        """The root node; None where findings say why there is none."""
        try:
            for event in yaml.parse(self.text, Loader=_LOADER):
                if not self._accept(event):
                    return None
        except yaml.YAMLError as error:
            self._malformed(error)
            return None
        if self.root is None and not self.findings:
            self.find("TB1012", "the file is empty, expected a mapping", "see `twinbuild init`", _start(self.name))
        return self.root

    def _accept(self, event: yaml.Event) -> bool:
        """Take one event in; False where reading on is of no use."""
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._close()
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                place = self.mark(event.start_mark)
                self.find("TB1011", "a second document begins", "keep one document per file", place)
                return False
        elif isinstance(event, yaml.NodeEvent):
            self.nodes += 1
            place = self.mark(event.start_mark)
            if self.nodes > MAXIMUM_NODES:
                message = f"the file has more than {MAXIMUM_NODES} values"
                self.find("TB1004", message, "move large tables into files of their own", place)
                return False
            if len(self.stack) >= MAXIMUM_DEPTH:
                self.find("TB1003", f"values are nested more than {MAXIMUM_DEPTH} deep", "flatten the structure", place)
                return False
            self._node(event)
        return len(self.findings) < _MAXIMUM_FINDINGS

    def _malformed(self, error: yaml.YAMLError) -> None:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        opened = getattr(error, "context_mark", None)
        if mark is not None and opened is not None and mark.index >= len(self.text.rstrip()):
            mark = opened  # something was never closed: where it began says more than the end of the file
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is not YAML"
        context = getattr(error, "context", None)
        message = f"{problem} {context}" if context else str(problem)
        place = self.mark(mark) if mark is not None else _start(self.name)
        if "nesting depth" in message:  # newer readers have a limit of their own, and look ahead of the events
            place = self._deepest() or place
            self.find("TB1003", f"values are nested more than {MAXIMUM_DEPTH} deep", "flatten the structure", place)
        else:
            self.find("TB1005", *self._said(message, place), place)

    def _said(self, message: str, place: Mark) -> tuple[str, str]:
        """What the two mistakes that people make most are called, and the remedy; of any other the reader's words."""
        line = self.lines[place.line - 1] if 0 < place.line <= len(self.lines) else ""
        before, here = line[: place.column - 1], line[place.column - 1 : place.column]
        if ("found character" in message and here == "\t") or "tab" in message:
            return "a tab stands where YAML takes spaces alone", "indent with spaces: replace the tab"
        if message.startswith("mapping values are not allowed"):
            if _VALUE.search(before):
                return "a second ': ' stands in one line", "quote the text that has ': ' in it"
            return (
                "a key stands where none can be: its line is indented otherwise than the lines above",
                "begin it in the column of the keys that it belongs to, or quote the text that it goes on with",
            )
        return message, "check indentation, quotes and colons at this place"

    def _deepest(self) -> Mark | None:
        """Where more brackets are open than may be, if any place has that many; quotes and comments do not matter."""
        depth = 0
        for match in _BRACKET.finditer(self.text):
            depth += 1 if match[0] in "[{" else -1
            if depth > MAXIMUM_DEPTH:
                line = self.text.count("\n", 0, match.start()) + 1
                return Mark(file=self.name, line=line, column=match.start() - self.text.rfind("\n", 0, match.start()))
        return None

    def _node(self, event: yaml.NodeEvent) -> None:
        mark = self.mark(event.start_mark, event.end_mark if isinstance(event, yaml.ScalarEvent) else None)
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self.find(
                "TB1007",
                f"{'alias' if isinstance(event, yaml.AliasEvent) else 'anchor'} {event.anchor!r} is not allowed",
                "write the value out where it is used",
                mark,
            )
        if isinstance(event, yaml.AliasEvent):
            self._place(ScalarNode(mark=mark, text="", value=None, plain=True))
            return
        tag = getattr(event, "tag", None)
        if tag is not None:
            self.find("TB1008", f"the tag {tag[:80]!r} is not allowed", "take the tag out", mark)
        if isinstance(event, yaml.ScalarEvent):
            self._place(self._scalar(event, mark))
            return
        top = self.stack[-1] if self.stack else None
        skip = False
        if top is not None and top.mapping and top.key is None:
            self.find("TB1010", "a key is a list or a mapping, expected text", "use text for keys", mark)
            skip = True
        self.stack.append(
            _Open(
                mark=mark,
                mapping=isinstance(event, yaml.MappingStartEvent),
                items=[],
                key=None,
                entries=[],
                seen={},
                skip=skip,
            )
        )

    def _scalar(self, event: yaml.ScalarEvent, mark: Mark) -> ScalarNode:
        text = event.value
        plain = event.style is None or event.style == ""
        hidden = _FORBIDDEN_VALUE.search(text)
        if hidden is not None:
            self.find("TB1014", f"the value has the character {_character(hidden[0])}", _HIDDEN_HINT, mark)
        if not plain or event.tag is not None:
            return ScalarNode(mark=mark, text=text, value=text, plain=plain)
        is_key = bool(self.stack) and self.stack[-1].mapping and self.stack[-1].key is None
        try:
            return ScalarNode(mark=mark, text=text, value=read_plain(text, key=is_key), plain=True)
        except Ambiguous as ambiguous:
            if text == "<<" and is_key:
                self.find("TB1009", "the merge key '<<' is not allowed", "write the entries out", mark)
            elif ambiguous.number:
                shown = f"'{text}'" if len(text) <= 80 else "'…'"
                self.find(
                    "TB1016",
                    f"{text[:80]!r} without quotes is {ambiguous.reading}",
                    f"quote it if it is text: {shown}; else write a plain decimal number",
                    mark,
                )
            else:
                self.find(
                    "TB1015",
                    f"{text[:80]!r} without quotes is {ambiguous.reading} to some readers of YAML and text to others",
                    f"quote it: '{text[:40]}'; for a truth value write true or false",
                    mark,
                )
            return ScalarNode(mark=mark, text=text, value=text, plain=False)

    def _place(self, node: Node) -> None:
        """Put a finished node where it belongs: root, item, key or value."""
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        if not top.mapping:
            top.items.append(node)
        elif top.key is None:
            assert isinstance(node, ScalarNode)
            self._key(top, node)
        else:
            top.entries.append((top.key, node))
            top.key = None

    def _key(self, top: _Open, node: ScalarNode) -> None:
        if not isinstance(node.value, str):
            self.find("TB1010", f"the key {node.text!r} is not text", f"quote it: '{node.text}'", node.mark)
        first = top.seen.get(node.text)
        if first is not None:
            self.find(
                "TB1006",
                f"the key {node.text!r} is given twice, first in line {first.line}",
                "keep one of the two",
                node.mark,
            )
        top.seen.setdefault(node.text, node.mark)
        top.key = node

    def _close(self) -> None:
        done = self.stack.pop()
        node: Node = (
            MappingNode(mark=done.mark, entries=tuple(done.entries))
            if done.mapping
            else SequenceNode(mark=done.mark, items=tuple(done.items))
        )
        if done.skip:
            node = ScalarNode(mark=done.mark, text="", value="", plain=False)
        self._place(node)


def _character(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, 'control')}"


def _start(name: str) -> Mark:
    return Mark(file=name, line=1, column=1)


def parse_yaml(source: SourceText) -> tuple[Node | None, tuple[Finding, ...]]:
    """The root node of one file and what is wrong with it. The node is whole only where there are no findings."""
    text, finding = _decode(source)
    if finding is not None:
        return None, (finding,)
    reader = _Reader(source.name, text)
    if reader.refuse_hidden():
        return None, tuple(reader.findings)
    root = reader.read()
    return root, tuple(reader.findings)


def _decode(source: SourceText) -> tuple[str, Finding | None]:
    content = source.content
    if len(content) > MAXIMUM_BYTES:
        return "", Finding(
            code="TB1002",
            message=f"the file has {counted(len(content), 'byte')}, expected at most {MAXIMUM_BYTES}",
            hint="move large values into files of their own",
            where=Location(file=source.name),
        )
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        return "", Finding(
            code="TB1001",
            message=f"the file is not UTF-8 at byte {error.start}{_guess(content)}",
            hint="save it as UTF-8",
            where=Location(file=source.name, line=line, column=column),
        )
    return text.removeprefix("\ufeff").replace("\r\n", "\n"), None


def all_shows(text: str) -> bool:
    """Whether a text has no character that does not show, so that a file may hold it."""
    return _FORBIDDEN_VALUE.search(text) is None


def _guess(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return " (it looks like UTF-16)"
    if content.startswith(b"\x1f\x8b"):
        return " (it is gzip-compressed)"
    return ""
