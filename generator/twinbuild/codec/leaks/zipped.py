"""The members of an archive, as formats of models and packed sources have it: zip, tar, compressed, and nested."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, Final

from twinbuild.codec.leaks.tarred import Allowance, tarred_members

__all__ = ["zipped_members"]

_MARK: Final = b"PK\x03\x04"
_PROGRAM: Final = b"#!"  # before an archive that is a program: zipapp, PEX, shiv
_DEEPEST: Final = 2  # archives around an archive that is looked into
_MEMBERS: Final = 2000
_LARGEST: Final = 8 << 20  # bytes that are read of a member
_TOTAL: Final = 64 << 20  # of all
_BAD: Final = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),  # bzip2 says OSError
    *(EOFError, OSError, ValueError, RuntimeError),
)


def zipped_members(stream: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """Name and the first bytes of each member, as far as an archive can be read; nothing where it is none.

    Archives within it follow, three deep, with names such as ``inner.zip!a``. Members beyond the first 2,000 of all,
    bytes beyond 8 MiB of one and 64 MiB of all, what is packed behind 256 MiB, and encrypted ones are not looked at.
    """
    waiting: deque[tuple[str, int, BinaryIO]] = deque([("", 0, stream)])
    members, left, allowance = _MEMBERS, _TOTAL, Allowance()
    while waiting and members > 0 and left > 0:
        prefix, depth, archive = waiting.popleft()
        for name, content in _members(archive, members, left, allowance):
            members, left = members - 1, left - len(content)
            yield f"{prefix}{name}", content
            if depth < _DEEPEST:  # what is no archive has no members
                waiting.append((f"{prefix}{name}!", depth + 1, io.BytesIO(content)))


def _members(stream: BinaryIO, members: int, left: int, allowance: Allowance) -> Iterator[tuple[str, bytes]]:
    stream.seek(0)
    head = stream.read(len(_MARK))
    if head != _MARK and not (head.startswith(_PROGRAM) and zipfile.is_zipfile(stream)):
        yield from tarred_members(stream, largest=_LARGEST, members=members, left=left, allowance=allowance)
        return
    try:
        with zipfile.ZipFile(stream) as archive:
            for info in archive.infolist()[:members]:
                if info.is_dir() or info.flag_bits & 1:
                    continue
                try:
                    with archive.open(info) as member:
                        content = member.read(min(_LARGEST, left))
                except _BAD:  # hides no other member
                    continue
                left -= len(content)
                yield info.filename, content
                if left <= 0:
                    return
    except _BAD:
        return
