"""The few facts of an ELF file that say where it can run (elf(5)): processor, loader, and libraries."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

__all__ = ["Elf", "read_elf"]

_MACHINES: Final = {62: "x86_64", 183: "aarch64"}  # e_machine → what ``uname -m`` prints
_LOAD, _DYNAMIC, _INTERPRETER = 1, 2, 3  # p_type
_NEEDED, _STRINGS = 1, 5  # d_tag
_MOST: Final = 4096  # headers, entries, or bytes of a name


@dataclass(frozen=True, slots=True, kw_only=True)
class Elf:
    """Processor, loader and libraries. ``machine`` is as ``uname -m`` prints it, or the number of an unknown one."""

    machine: str
    loader: str  # absolute: /lib64/ld-linux-x86-64.so.2; "" where none is named
    needed: tuple[str, ...] = ()  # such as libc.so.6, in the file's order


@dataclass(frozen=True, slots=True)
class _Segment:
    kind: int
    offset: int
    address: int
    size: int


def read_elf(content: bytes) -> Elf | None:
    """The facts of a whole 64-bit little-endian ELF file; None for anything else, or where it leads out of itself."""
    if content[:6] != b"\x7fELF\x02\x01":
        return None
    try:
        (machine,) = struct.unpack_from("<H", content, 18)
        segments = _segments(content)
        loader = next((_text(content, each.offset) for each in segments if each.kind == _INTERPRETER), "")
        return Elf(machine=_MACHINES.get(machine, str(machine)), loader=loader, needed=_needed(content, segments))
    except (struct.error, ValueError):
        return None


def _segments(content: bytes) -> list[_Segment]:
    (offset,) = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<HH", content, 54)
    found = []
    for number in range(min(count, _MOST)):
        kind, _, place, address, _, length = struct.unpack_from("<IIQQQQ", content, offset + number * size)
        found.append(_Segment(kind, place, address, length))
    return found


def _needed(content: bytes, segments: list[_Segment]) -> tuple[str, ...]:
    names: list[int] = []
    strings = None
    for segment in segments:
        if segment.kind == _DYNAMIC:
            for number in range(min(segment.size // 16, _MOST)):
                tag, value = struct.unpack_from("<QQ", content, segment.offset + 16 * number)
                if tag == 0:
                    break
                if tag == _NEEDED:
                    names.append(value)
                elif tag == _STRINGS:
                    strings = value
    if not names:
        return ()
    for segment in segments:
        if strings is not None and segment.kind == _LOAD and 0 <= strings - segment.address < segment.size:
            base = strings - segment.address + segment.offset
            return tuple(_text(content, base + name) for name in names)
    raise ValueError("no segment has the names")


def _text(content: bytes, offset: int) -> str:
    """The text that ends with NUL at an offset. Raises ValueError where there is none."""
    return content[offset : content.index(b"\0", offset, offset + _MOST)].decode()
