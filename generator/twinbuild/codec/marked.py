"""Where a mark of a file that people write stands, with its line: what messages show of the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from twinbuild.codec.nodes import Mark
from twinbuild.errors import Location

__all__ = ["MAXIMUM_BYTES", "excerpt_of", "place_of", "text_lines"]

MAXIMUM_BYTES: Final = 256 << 10  # of a file that people write
_MAXIMUM_EXCERPT: Final = 2_000


def text_lines(content: bytes) -> tuple[str, ...]:
    """The lines of a file as messages show them: as ``parse_yaml`` reads it, whatever it holds."""
    text = "" if len(content) > MAXIMUM_BYTES else content.decode("utf-8", "replace")
    return tuple(text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n"))


def excerpt_of(lines: Sequence[str], number: int) -> str:
    """A line for a message, by its number from 1; nothing where a line is too long for anybody to read."""
    line = lines[number - 1] if 0 < number <= len(lines) else ""
    return line if len(line) <= _MAXIMUM_EXCERPT else ""


def place_of(mark: Mark, lines: Sequence[str], pointer: str = "") -> Location:
    """A mark as the place of a finding; ``lines`` are those of its file, ``pointer`` is a JSON pointer (RFC 6901)."""
    return Location(
        file=mark.file,
        line=mark.line,
        column=mark.column,
        pointer=pointer,
        excerpt=excerpt_of(lines, mark.line),
        width=mark.width,
    )
