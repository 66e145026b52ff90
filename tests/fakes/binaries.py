"""Small shared objects, written by hand: what they are called, what they need, and for which machine they are."""

from __future__ import annotations

import struct

__all__ = ["AARCH64", "X86_64", "shared_object"]

X86_64, AARCH64 = 62, 183
_NARROW, _WIDE = 1, 2


def shared_object(*needed: str, soname: str = "", machine: int = X86_64, bits: int = 64, before: int = 0) -> bytes:
    """An ELF shared object. ``before`` bytes lie between its header and its dynamic section, strings after the header.

    Of 32 bits there is the header alone.
    """
    if bits == 32:
        head = b"\x7fELF" + bytes((_NARROW, 1, 1)) + bytes(9)
        return (head + struct.pack("<HH", 3, machine)).ljust(128, b"\0")
    table, tags = b"\0", []
    for tag, name in [*((1, each) for each in needed), *([(14, soname)] if soname else [])]:
        tags.append((tag, len(table)))
        table += name.encode() + b"\0"
    strings = 64 + 2 * 56
    place = strings + len(table) + before
    dynamic = b"".join(struct.pack("<QQ", *tag) for tag in [*tags, (5, strings), (10, len(table)), (0, 0)])
    size = place + len(dynamic)
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0
    )
    segments = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, size, 4096)
    segments += struct.pack("<IIQQQQQQ", 2, 5, place, place, place, len(dynamic), len(dynamic), 8)
    return header + segments + table + bytes(before) + dynamic
