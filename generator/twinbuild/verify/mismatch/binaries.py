"""Formats of compiled and stored things whose own structure says why they differ. Nothing of them is executed."""

from __future__ import annotations

import pickletools
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.verify.mismatch.catalogue import Cause, cause
from twinbuild.verify.mismatch.found import first_unequal

__all__ = ["ElfPart", "elf_parts", "of_binary", "of_damage", "of_turned_bit"]

_SQLITE: Final = b"SQLite format 3\0"
_MOST_OPCODES: Final = 2_000_000
_PLACES: Final = {"PUT", "BINPUT", "LONG_BINPUT", "GET", "BINGET", "LONG_BINGET", "FRAME"}
_PYC_FLAGS: Final = {bytes((flags, 0, 0, 0)) for flags in (0, 1, 3)}
_PYC_CODE: Final = {b"c", b"\xe3"}  # TYPE_CODE, without and with FLAG_REF
_SECTIONS: Final = 4096  # of an ELF file
_LARGEST: Final = 64 << 20  # bytes of a file
_HOLE: Final = 512  # zero bytes from which on they count as never written


@dataclass(frozen=True, slots=True, kw_only=True)
class ElfPart:
    """A section that differs: its name and its bytes on both sides."""

    name: str
    sides: tuple[bytes, bytes]


def of_binary(sides: tuple[bytes, bytes]) -> Cause | None:
    """The cause that a format's own structure gives; ``sides`` are whole files. Very large ones are not taken apart."""
    if max(map(len, sides)) > _LARGEST:
        return None
    return _of_bytecode(sides) or _of_pickle(sides) or _of_sqlite(sides) or _of_floats(sides)


def of_damage(sides: tuple[bytes, bytes]) -> Cause | None:
    """Bytes that were lost: one side is cut off, or has a hole."""
    at = first_unequal(*sides)
    short, long = sorted(sides, key=len)
    if at == len(short) < len(long):
        missing = f"the shorter one ends after {len(short)} of {counted(len(long), 'byte')}, amid its content"
        whole_lines = long[max(0, at - 1) : at] == b"\n" and b"\0" not in long[:4096]
        return None if whole_lines else cause("truncated", missing)
    for one, other in (sides, sides[::-1]):
        if len(one) == len(other) and len(one) - at >= _HOLE and any(other[at:]) and not any(one[at:]):
            return cause("truncated", "one side is zero from there to its end: it was never written")
    if len(sides[0]) != len(sides[1]) or len(sides[0]) < 64:
        return None
    last = _last_unequal(*sides)
    spans = sides[0][at : last + 1], sides[1][at : last + 1]
    if last - at + 1 >= _HOLE - 32 and any(not any(span) for span in spans):
        return cause("corrupt", "a block is zero on one side: it was never written, or lost")
    return None


def of_turned_bit(sides: tuple[bytes, bytes]) -> Cause | None:
    """The cause where a single bit differs of what is no text."""
    at = first_unequal(*sides)
    if len(sides[0]) != len(sides[1]) or len(sides[0]) < 64 or _last_unequal(*sides) != at:
        return None
    if (sides[0][at] ^ sides[1][at]).bit_count() == 1 and _dense(sides[0]):
        return cause("corrupt", "a single bit differs: a disk or a memory turned it")
    return None


def _dense(side: bytes) -> bool:
    """Whether bytes are binary, so that a single other bit is no edit of a text."""
    sample = side[: 64 << 10]
    return sum(byte >= 127 or byte < 9 for byte in sample) * 10 > len(sample)


def _last_unequal(one: bytes, other: bytes) -> int:
    step = 4096
    for end in range(len(one), 0, -step):
        start = max(0, end - step)
        if one[start:end] != other[start:end]:
            return next(place for place in range(end - 1, start - 1, -1) if one[place] != other[place])
    return -1


def _of_bytecode(sides: tuple[bytes, bytes]) -> Cause | None:
    """PEP 552: magic number, flags, then time and size of the source, or its hash; then a code object (marshal)."""
    if any(side[2:4] != b"\r\n" or side[4:8] not in _PYC_FLAGS or side[16:17] not in _PYC_CODE for side in sides):
        return None
    one, other = sides
    if one[:4] != other[:4]:
        return cause("python-version", "the byte code is of another version of Python")
    if one[4:8] != other[4:8]:
        return cause("bytecode-mode", "one is checked by its source's time, the other by its hash (PEP 552)")
    if one[8:12] != other[8:12] and one[4:8] == bytes(4) and one[16:] == other[16:]:
        return cause("bytecode-timestamp", "the byte code's header has its source's time of modification")
    if one[4] & 1 and one[8:16] != other[8:16]:
        return cause("content", "the byte code is of another source, whose hash its header has (PEP 552)")
    return None


def _of_pickle(sides: tuple[bytes, bytes]) -> Cause | None:
    if any(side[:1] != b"\x80" or side[-1:] != b"." or not 2 <= side[1] <= 5 for side in sides if side):
        return None
    try:
        counted = [Counter(_opcodes(side)) for side in sides]
    except (ValueError, IndexError, struct.error, UnicodeError, OverflowError):
        return None
    if counted[0] and counted[0] == counted[1]:
        return cause("pickle-order", "the pickle holds the same items in another order: that of a set or a dictionary")
    return None


def _opcodes(side: bytes) -> Iterator[tuple[str, str]]:
    """What a pickle says, without where it says it; read, never run."""
    for number, (opcode, argument, _) in enumerate(pickletools.genops(side)):
        if number > _MOST_OPCODES:
            raise ValueError("too long")
        if opcode.name not in _PLACES and opcode.name != "MEMOIZE":
            yield opcode.name, repr(argument)


def _of_sqlite(sides: tuple[bytes, bytes]) -> Cause | None:
    if not all(side.startswith(_SQLITE) and len(side) >= 100 for side in sides):
        return None
    counters = [side[24:28] + side[92:100] for side in sides]
    rest = [side[:24] + side[28:92] + side[100:] for side in sides]
    if rest[0] == rest[1] and counters[0] != counters[1]:
        return cause("sqlite", "only the counters of changes in the database's header differ")
    if len(sides[0]) == len(sides[1]) and Counter(sides[0][100:]) == Counter(sides[1][100:]):
        return cause("sqlite", "the database holds the same bytes in another order: rows were written in another order")
    if _words(sides[0]) == _words(sides[1]):
        return cause("sqlite", "the database holds the same texts, laid out otherwise")
    return None


def _words(side: bytes) -> Counter[bytes]:
    return Counter(word for word in side[100:].translate(_SPACED).split() if len(word) >= 4)


_SPACED: Final = bytes(byte if 32 < byte < 127 else 32 for byte in range(256))


def _of_floats(sides: tuple[bytes, bytes]) -> Cause | None:
    """Numbers of four or eight bytes of which only the last bits differ, in at least two places."""
    one, other = sides
    if len(one) != len(other) or len(one) < 16 or not _dense(one):
        return None
    at, last = first_unequal(one, other), _last_unequal(one, other)
    for form, size in (("<f", 4), ("<d", 8), (">f", 4), (">d", 8)):
        for shift in range(size):
            begin = at - (at - shift) % size
            if begin >= 0 and _near(one, other, range(begin, min(last + 1, begin + (1 << 20)), size), form, size):
                return cause("floating-point", "the last bits of numbers differ: sums in another order, or other units")
    return None


def _near(one: bytes, other: bytes, places: range, form: str, size: int) -> bool:
    unlike = 0
    for place in places:
        mine, others = one[place : place + size], other[place : place + size]
        if mine == others:
            continue
        if len(mine) < size:
            return False
        first, second = struct.unpack(form, mine)[0], struct.unpack(form, others)[0]
        if (
            not abs(first - second) <= 1e-4 * max(abs(first), abs(second)) < 1e30
            or max(abs(first), abs(second)) < 1e-30
        ):
            return False
        unlike += 1
    return unlike >= 2


def elf_parts(sides: tuple[bytes, bytes]) -> tuple[ElfPart, ...] | None:
    """The sections of two ELF files that differ, in their order; None where one is no ELF file that can be read."""
    one, other = _sections(sides[0]), _sections(sides[1])
    if one is None or other is None:
        return None
    names = dict.fromkeys((*one, *other))
    return tuple(
        ElfPart(name=name, sides=(one.get(name, b""), other.get(name, b"")))
        for name in names
        if one.get(name) != other.get(name)
    )


def _sections(side: bytes) -> dict[str, bytes] | None:
    """Sections by name (System V ABI, chapter 4); None for what is no ELF file of 32 or 64 bits."""
    if side[:4] != b"\x7fELF" or len(side) < 64 or side[4] not in (1, 2) or side[5] not in (1, 2):
        return None
    wide, order = side[4] == 2, "<" if side[5] == 1 else ">"
    try:
        offset = struct.unpack_from(order + ("Q" if wide else "I"), side, 40 if wide else 32)[0]
        entry, count, names = struct.unpack_from(order + "HHH", side, 58 if wide else 46)
        heads = []
        for number in range(min(count, _SECTIONS)):
            form = order + ("IIQQQQ" if wide else "IIIIII")
            name, kind, _, _, start, size = struct.unpack_from(form, side, offset + number * entry)
            heads.append((name, b"" if kind == 8 else side[start : start + size]))
        table = heads[names][1]
    except (struct.error, IndexError):
        return None
    return {table[name:].partition(b"\0")[0].decode("latin-1"): content for name, content in heads}
