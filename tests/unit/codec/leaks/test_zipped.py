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


def test_program() -> None:
    """An archive that is a program, as zipapp, PEX and shiv make them; a script is none, whatever it ends with."""
    program = b"#!/usr/bin/env python3\n" + _archive(a=b"first")
    assert list(zipped_members(io.BytesIO(program))) == [("a", b"first")]
    assert list(zipped_members(io.BytesIO(b"#!/bin/sh\necho PK\x05\x06\n"))) == []


def test_bounded() -> None:
    """A bomb ends where enough was read."""
    content = _archive(**{f"m{number}": b"\0" * (8 << 20) for number in range(12)})
    assert sum(len(text) for _, text in zipped_members(io.BytesIO(content))) == 64 << 20


def test_archives_within_archives() -> None:
    """Three deep; a bomb of archives ends where enough was read."""
    deepest = _archive(d=b"too deep")
    content = _archive(a=b"first", inner=_archive(b=b"second", innermost=_archive(c=deepest)))
    names = [name for name, _ in zipped_members(io.BytesIO(content))]
    assert names == ["a", "inner", "inner!b", "inner!innermost", "inner!innermost!c"]
    bomb = _archive(**{f"m{number}": b"\0" * (8 << 20) for number in range(6)})
    nested = _archive(**{f"n{number}": bomb for number in range(50)})
    assert sum(len(text) for _, text in zipped_members(io.BytesIO(nested))) <= 64 << 20


def test_a_member_that_cannot_be_read() -> None:
    """It hides none of the others."""
    content = bytearray(_archive(a=b"first" * 100, b=b"second" * 100))
    content[content.index(b"aK") + 1] = 0xFF  # where its bytes begin: no such block of deflate
    assert "b" in [name for name, _ in zipped_members(io.BytesIO(bytes(content)))]


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
