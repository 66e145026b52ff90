"""Dynamic sections of ELF files (System V ABI, chapter 5; ld.so(8)): what a file is called, and what it needs.

64-bit little-endian files only, as both platforms have them. The input may be hostile: nothing is believed to lie where
a header says, every table has a limit, and what cannot be read whole is no such file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

__all__ = ["MACHINES", "Dynamic", "read_dynamic"]

MACHINES: Final = {"x86_64": 62, "aarch64": 183}  # uname -m → e_machine
_MAGIC: Final = b"\x7fELF\x02\x01"  # 64 bits, little-endian
_PROGRAM, _SHARED = 2, 3  # e_type: ET_EXEC, ET_DYN
_LOAD, _DYNAMIC, _INTERPRETER = 1, 2, 3  # p_type
_NEEDED, _STRTAB, _STRSZ, _SONAME, _RPATH, _RUNPATH = 1, 5, 10, 14, 15, 29  # d_tag
_NAMES: Final = frozenset({_NEEDED, _SONAME, _RPATH, _RUNPATH})  # tags whose values are places of strings
_TABLE: Final = 1 << 20  # bytes of a dynamic section, of program headers, or of all strings together
_NAME: Final = 4096  # bytes of a string: no path is longer
_FAR: Final = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Dynamic:
    """A program or shared object that the loader links. Directories of ``rpath`` and ``runpath`` are as written."""

    machine: int  # e_machine
    shared: bool  # ET_DYN, as libraries are; else a program at a fixed address
    soname: str  # "" where it has none
    needed: tuple[str, ...]
    rpath: tuple[str, ...]
    runpath: tuple[str, ...]
    loader: str = ""  # of a program: /lib64/ld-linux-x86-64.so.2


def read_dynamic(stream: BinaryIO) -> Dynamic | None:
    """The dynamic section of a file; None where it is no such file, has none, or is damaged. ``stream`` can seek.

    Steps back are few, so that a stream that must start anew for each is read only as often (``Rewindable``).
    """
    try:
        return _read(stream)
    except (struct.error, UnicodeDecodeError, _Damaged):
        return None


class _Damaged(Exception):
    """Something does not lie where it should."""


def _read(stream: BinaryIO) -> Dynamic | None:
    head = stream.read(64)
    if len(head) < 64 or not head.startswith(_MAGIC):
        return None
    kind, machine = struct.unpack_from("<HH", head, 16)
    (table,) = struct.unpack_from("<Q", head, 32)
    size, count = struct.unpack_from("<HH", head, 54)
    if kind not in (_PROGRAM, _SHARED) or size != 56:
        return None
    segments = list(struct.iter_unpack("<IIQQQQQQ", _at(stream, table, size * count)))
    dynamic = next((segment for segment in segments if segment[0] == _DYNAMIC), None)
    if dynamic is None:
        return None
    loader = _loader(stream, segments)
    tags = list(_tags(_at(stream, dynamic[2], dynamic[5])))
    single = dict(tags)
    if _STRTAB not in single:
        return None
    start = _offset(segments, single[_STRTAB])
    extent = min(single.get(_STRSZ, _FAR), _FAR)
    texts = _texts(stream, start, extent, {value for tag, value in tags if tag in _NAMES})
    return Dynamic(
        machine=machine,
        shared=kind == _SHARED,
        soname=texts[single[_SONAME]] if _SONAME in single else "",
        needed=tuple(texts[value] for tag, value in tags if tag == _NEEDED),
        rpath=_directories(texts[single[_RPATH]]) if _RPATH in single else (),
        runpath=_directories(texts[single[_RUNPATH]]) if _RUNPATH in single else (),
        loader=loader,
    )


def _texts(stream: BinaryIO, start: int, extent: int, places: set[int]) -> dict[int, str]:
    """The strings at these places of the string table, read in their order: a compressed file runs forward."""
    found: dict[int, str] = {}
    total = 0
    for place in sorted(places):
        if place >= extent:
            raise _Damaged
        stream.seek(start + place)
        content, end, _ = stream.read(_NAME).partition(b"\0")
        total += len(content)
        if not end or total > _TABLE:
            raise _Damaged
        found[place] = content.decode()
    return found


def _loader(stream: BinaryIO, segments: list[tuple[int, ...]]) -> str:
    """The path that PT_INTERP gives."""
    for kind, _, offset, _, _, size, _, _ in segments:
        if kind == _INTERPRETER and 0 < size <= _NAME:
            return _at(stream, offset, size).rstrip(b"\0").decode()
    return ""


def _tags(content: bytes) -> Iterator[tuple[int, int]]:
    """Tags and values up to DT_NULL."""
    for tag, value in struct.iter_unpack("<QQ", content[: len(content) & ~15]):
        if tag == 0:
            return
        yield tag, value


def _offset(segments: list[tuple[int, ...]], address: int) -> int:
    """Where an address lies in the file."""
    for kind, _, offset, start, _, size, _, _ in segments:
        if kind == _LOAD and start <= address < start + size:
            found: int = address - start + offset
            if found < _FAR:
                return found
    raise _Damaged


def _at(stream: BinaryIO, offset: int, size: int) -> bytes:
    """Exactly ``size`` bytes."""
    if offset >= _FAR or size > _TABLE:
        raise _Damaged
    stream.seek(offset)
    content = stream.read(size)
    if len(content) != size:
        raise _Damaged
    return content


def _directories(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(":") if part)
