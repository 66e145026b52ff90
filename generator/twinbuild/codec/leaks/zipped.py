"""The members of a zip archive, as formats of models and packed sources have it, for a look inside."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

__all__ = ["zipped_members"]

_MEMBERS: Final = 2000
_LARGEST: Final = 8 << 20  # bytes that are read of a member
_TOTAL: Final = 64 << 20  # of all
_BAD: Final = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),  # bzip2 says OSError
    *(EOFError, OSError, ValueError, RuntimeError),
)


def zipped_members(stream: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """Name and the first bytes of each member, as far as an archive can be read; nothing where it is none.

    Members beyond the first 2,000, bytes beyond 8 MiB of one and 64 MiB of all, encrypted ones and archives within
    archives are not looked at.
    """
    stream.seek(0)
    if stream.read(4) != b"PK\x03\x04":
        return
    stream.seek(0)
    left = _TOTAL
    try:
        with zipfile.ZipFile(stream) as archive:
            for info in archive.infolist()[:_MEMBERS]:
                if info.is_dir() or info.flag_bits & 1:
                    continue
                with archive.open(info) as member:
                    content = member.read(min(_LARGEST, left))
                left -= len(content)
                yield info.filename, content
                if left <= 0:
                    return
    except _BAD:
        return
