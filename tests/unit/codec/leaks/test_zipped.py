"""``codec.leaks.zipped``: the members of archives, and whatever only looks like one."""

from __future__ import annotations

import io
import zipfile

import pytest

from twinbuild.codec.leaks.zipped import zipped_members


def _archive(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("directory/", b"")
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_members() -> None:
    """Names and bytes; of a large one the beginning."""
    content = _archive(a=b"first", b=b"\0" * (9 << 20))
    assert [(name, len(text)) for name, text in zipped_members(io.BytesIO(content))] == [("a", 5), ("b", 8 << 20)]


def test_bounded() -> None:
    """A bomb ends where enough was read."""
    content = _archive(**{f"m{number}": b"\0" * (8 << 20) for number in range(12)})
    assert sum(len(text) for _, text in zipped_members(io.BytesIO(content))) == 64 << 20


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive", b"PK\x03\x04", b"PK\x03\x04" + b"\xff" * 100])
def test_none(content: bytes) -> None:
    """No archive has no members."""
    assert list(zipped_members(io.BytesIO(content))) == []


def test_damaged() -> None:
    """One that is cut, or of other bytes somewhere, gives what can be read."""
    content = _archive(a=b"first" * 100, b=b"second" * 100)
    for position in range(0, len(content), 3):
        list(zipped_members(io.BytesIO(content[:position])))
        changed = content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :]
        list(zipped_members(io.BytesIO(changed)))
