"""The few facts of an ELF file that say where it can run: the processor, and the loader that it asks for (elf(5))."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

__all__ = ["Elf", "read_elf"]

_MACHINES: Final = {62: "x86_64", 183: "aarch64"}  # e_machine → what ``uname -m`` prints
_INTERPRETER: Final = 3  # PT_INTERP
_MOST_HEADERS: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Elf:
    """Processor and loader. ``machine`` is as ``uname -m`` prints it, or the number of an unknown one."""

    machine: str
    loader: str  # absolute: /lib64/ld-linux-x86-64.so.2; "" where none is named


def read_elf(content: bytes) -> Elf | None:
    """The facts of a 64-bit little-endian ELF file, of which the beginning is enough; None for anything else."""
    if content[:6] != b"\x7fELF\x02\x01" or len(content) < 64:
        return None
    (machine,) = struct.unpack_from("<H", content, 18)
    (offset,) = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<HH", content, 54)
    loader = ""
    for number in range(min(count, _MOST_HEADERS)):
        at = offset + number * size
        if at + 56 > len(content) or size < 56:
            return None
        (kind,) = struct.unpack_from("<I", content, at)
        if kind == _INTERPRETER:
            start, length = struct.unpack_from("<Q", content, at + 8)[0], struct.unpack_from("<Q", content, at + 32)[0]
            if length > 4096 or start + length > len(content):
                return None
            loader = content[start : start + length].rstrip(b"\0").decode(errors="replace")
    return Elf(machine=_MACHINES.get(machine, str(machine)), loader=loader)
