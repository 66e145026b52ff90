"""``codec.marked``: what messages show of a file."""

from __future__ import annotations

from twinbuild.codec.marked import MAXIMUM_BYTES, excerpt_of, place_of, text_lines
from twinbuild.codec.nodes import Mark
from twinbuild.errors import Location


def test_lines() -> None:
    """As YAML is read, with what is no UTF-8 replaced; nothing of a file that nobody reads."""
    assert text_lines(b"\xef\xbb\xbfa: 1\r\nb: \xff\n") == ("a: 1", "b: \ufffd", "")
    assert text_lines(b"x" * (MAXIMUM_BYTES + 1)) == ("",)


def test_excerpts() -> None:
    """A line that is there, unless it is too long for anybody to read."""
    assert [excerpt_of(("one", "x" * 2001), number) for number in (0, 1, 2, 3)] == ["", "one", "", ""]


def test_a_place() -> None:
    """All that a message needs of a mark."""
    mark = Mark(file="release.yaml", line=2, column=3, width=4)
    assert place_of(mark, ("", "  name: x"), "/metadata/name") == Location(
        file="release.yaml", line=2, column=3, pointer="/metadata/name", excerpt="  name: x", width=4
    )
