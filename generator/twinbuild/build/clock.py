"""A clock that stands still: a tiny shared library that the dynamic loader puts before all others (ld.so(8)).

No namespace holds the time of day, and programs read it from the kernel's vDSO, where no filter sees them. So the four
functions of the C library that give it are replaced, by code that is position-independent, needs nothing and is the
same for every C library: ``clock_gettime`` (real clocks alone: waiting goes on), ``gettimeofday``, ``time`` and
``timespec_get``. The assembler text of the code lies in ``tests/oracle/clock``, which compares. A program that is
linked statically or asks the kernel itself sees the true time; the second build, at another time, then shows it.

Maintainer scripts see it at the release's date, and the process of the second build far in the future.

Format: ELF64 little-endian, System V gABI chapters 4 and 5.
"""

from __future__ import annotations

import struct
from typing import Final

__all__ = ["fixed_clock"]

_NAMES: Final = ("clock_gettime", "gettimeofday", "time", "timespec_get")
# By machine as ``uname -m`` has it: the ELF machine, the code up to where it reads the time, and where functions begin.
_CODE: Final = {
    "x86_64": (
        62,
        bytes.fromhex(
            "85ff741983ff05741483ff0b740fb8e40000000f0585c0790383c8ffc3488b055c000000488906488366080031c0c3cc"
            "4885ff740f488b054400000048890748836708004885f674044883260031c0c3"
            "488b05290000004885ff7403488907c3"
            "31c083fe017510488b151200000048891748894708ffc0c3cccccccccccccccc"
        ),
        (0x00, 0x30, 0x50, 0x60),
    ),
    "aarch64": (
        183,
        bytes.fromhex(
            "400100341f140071000100541f2c0071c0000054280e80d2010000d41f000071"
            "00a09f5ac0035fd6c2030058227c00a900008052c0035fd61f2003d51f2003d5"
            "600000b4e2020058027c00a9410000b43f0000f900008052c0035fd61f2003d5"
            "e10300aae0010058410000b4200000f9c0035fd61f2003d51f2003d51f2003d5"
            "3f04007161000054c2000058027c00a9e0179f1ac0035fd61f2003d51f2003d5"
        ),
        (0x00, 0x40, 0x60, 0x80),
    ),
}
_LOAD, _DYNAMIC, _STACK = 1, 2, 0x6474E551  # program headers
_READ, _WRITE, _RUN = 4, 2, 1
_PAGE: Final = 0x10000  # the largest that any of these machines has
_HEADER, _PROGRAM, _SYMBOL = 64, 56, 24  # bytes


def fixed_clock(machine: str, epoch: int) -> bytes:
    """The library for a machine as ``uname -m`` names it, b"" for an unknown one; ``epoch`` in seconds since 1970."""
    if machine not in _CODE:
        return b""
    kind, code, starts = _CODE[machine]
    names = b"\0" + b"".join(name.encode() + b"\0" for name in _NAMES)
    count = len(_NAMES) + 1
    # One bucket with all symbols in a chain: (buckets, symbols, first of the bucket, next of each).
    table = struct.pack(f"<{3 + count}I", 1, count, 1, 0, *range(2, count), 0)
    table_at = _HEADER + 4 * _PROGRAM
    symbols_at = _aligned(table_at + len(table), 8)
    names_at = symbols_at + count * _SYMBOL
    code_at = _aligned(names_at + len(names), 16)
    end = code_at + len(code) + 8
    symbols = bytes(_SYMBOL)
    for name, start, after in zip(_NAMES, starts, (*starts[1:], len(code)), strict=True):
        # Global function, default visibility, in "some section": there is no table of sections.
        place = names.index(b"\0" + name.encode() + b"\0") + 1
        symbols += struct.pack("<IBBHQQ", place, 0x12, 0, 1, code_at + start, after - start)
    dynamic = b"".join(
        struct.pack("<QQ", tag, value)
        for tag, value in (
            *((4, table_at), (5, names_at), (6, symbols_at), (10, len(names)), (11, _SYMBOL)),  # DT_HASH … DT_SYMENT
            (0, 0),
        )
    )
    dynamic_at = _aligned(end, 8)
    writable = _PAGE + dynamic_at  # loaders write into it
    size = len(dynamic)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01",
        *(3, kind, 1, 0, _HEADER, 0, 0, _HEADER, _PROGRAM, 4, 0, 0, 0),  # ET_DYN
    )
    programs = b"".join(
        struct.pack("<IIQQQQQQ", what, flags, offset, address, address, length, length, alignment)
        for what, flags, offset, address, length, alignment in (
            (_LOAD, _READ | _RUN, 0, 0, end, _PAGE),
            (_LOAD, _READ | _WRITE, dynamic_at, writable, size, _PAGE),
            (_DYNAMIC, _READ | _WRITE, dynamic_at, writable, size, 8),
            (_STACK, _READ | _WRITE, 0, 0, 0, 16),
        )
    )
    made = bytearray(dynamic_at + size)
    for offset, part in (
        (0, header + programs + table),
        (symbols_at, symbols),
        (names_at, names),
        (code_at, code + struct.pack("<Q", epoch)),
        (dynamic_at, dynamic),
    ):
        made[offset : offset + len(part)] = part
    return bytes(made)


def _aligned(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment
