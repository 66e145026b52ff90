"""``codec.leaks.tarred``: members of tar archives, what compressed files hold, and whatever only looks like it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile

import pytest

from twinbuild.codec.leaks.tarred import Allowance, tarred_members
from twinbuild.codec.leaks.zipped import zipped_members


def _tar(mode: str, **members: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return stream.getvalue()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_members(mode: str) -> None:
    """Of each kind of tar archive; a link is none."""
    content = _tar(mode, a=b"first", b=b"second" * 100)
    assert [(name, len(text)) for name, text in zipped_members(io.BytesIO(content))] == [("a", 5), ("b", 600)]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed(pack: object) -> None:
    """A file that is only compressed has one member."""
    content = pack(b"a text")  # type: ignore[operator]
    assert list(zipped_members(io.BytesIO(content))) == [("content", b"a text")]


def test_nested() -> None:
    """Archives of one kind within those of another."""
    content = _tar("w:gz", inner=_tar("w", deep=gzip.compress(b"x")))
    names = [name for name, _ in zipped_members(io.BytesIO(content))]
    assert names == ["inner", "inner!deep", "inner!deep!content"]


def test_bounded() -> None:
    """What expands without end ends where enough was read."""
    bomb = gzip.compress(_tar("w", a=bytes(9 << 20), b=b"second"), 1)
    assert [(name, len(text)) for name, text in zipped_members(io.BytesIO(bomb))] == [("a", 8 << 20), ("b", 6)]


def test_allowance() -> None:
    """What is passed over is unpacked as well: it counts, and with nothing left nothing is unpacked."""
    allowance, content = Allowance(), _tar("w:gz", a=bytes(1 << 16), b=b"second")
    whole = allowance.left

    def found() -> list[tuple[str, bytes]]:
        limits = {"largest": 6, "members": 9, "left": 100}
        return list(tarred_members(io.BytesIO(content), **limits, allowance=allowance))

    assert found() == [("a", bytes(6)), ("b", b"second")]
    assert whole - allowance.left > 1 << 16
    allowance.left = 0
    assert not any(text for _, text in found())


def test_damaged() -> None:
    """One that is cut, or of other bytes somewhere, gives what can be read."""
    content = _tar("w:gz", a=b"first" * 100, b=b"second" * 100)
    for position in range(0, len(content), 5):
        list(zipped_members(io.BytesIO(content[:position])))
        changed = content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :]
        list(zipped_members(io.BytesIO(changed)))
