"""The members of tar archives and what compressed files hold, for a look inside; models and sources come so.

It reads whatever can be read: nothing is made of it, and an archive that the strict reader refuses may hold a secret.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO, Final, cast

__all__ = ["Allowance", "tarred_members"]

_USTAR: Final = slice(257, 262)
_COMPRESSED: Final = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")
_BAD: Final = (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, UnicodeError)


class Allowance:
    """Bytes that may still be taken out of compressed files, of all of them together: those that are skipped count."""

    def __init__(self) -> None:
        self.left = 256 << 20


class _Limited(io.RawIOBase):
    """What a decompressor gives, as far as it is allowed: what expands without end ends there."""

    def __init__(self, stream: IO[bytes], allowance: Allowance) -> None:
        self._stream, self._allowance = stream, allowance

    def read(self, size: int = -1, /) -> bytes:
        left = self._allowance.left
        content = self._stream.read(left if size < 0 else min(size, left))
        self._allowance.left -= len(content)
        return content


def tarred_members(
    stream: BinaryIO, *, largest: int, members: int, left: int, allowance: Allowance
) -> Iterator[tuple[str, bytes]]:
    """Name and the first ``largest`` bytes of each member of a tar archive, compressed or not.

    Of a compressed file that is none the one member ``content``; nothing of anything else. At most ``members``, and
    ``left`` bytes of all; what decompressors give is taken off the ``allowance``.
    """
    head = _head(stream)
    try:
        if not head.startswith(_COMPRESSED):
            if head[_USTAR] == b"ustar":
                yield from _members(stream, "r:", largest, members, left)
            return
        first = _Limited(_opened(stream, head), allowance).read(512)
        stream.seek(0)
        packed = _Limited(_opened(stream, head), allowance)
        if first[_USTAR] == b"ustar":
            yield from _members(packed, "r|", largest, members, left)
        else:
            yield "content", packed.read(min(largest, left))
    except _BAD:
        return


def _opened(stream: BinaryIO, head: bytes) -> IO[bytes]:
    if head.startswith(_COMPRESSED[0]):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
    return bz2.BZ2File(stream) if head.startswith(_COMPRESSED[1]) else lzma.LZMAFile(stream)


def _head(stream: BinaryIO) -> bytes:
    stream.seek(0)
    head = stream.read(512)
    stream.seek(0)
    return head


def _members(
    stream: BinaryIO | _Limited, mode: str, largest: int, members: int, left: int
) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        for info in archive:
            if not info.isreg():
                continue
            member = archive.extractfile(info)
            content = member.read(min(largest, left)) if member is not None else b""
            members, left = members - 1, left - len(content)
            yield info.name, content
            if members <= 0 or left <= 0:
                return
