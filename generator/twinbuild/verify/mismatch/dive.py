"""Two contents, looked into as deep as they go: archive, member, member of that, …, down to the byte and its cause."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from twinbuild.verify.cause import explain
from twinbuild.verify.mismatch import compressed, debs, zips
from twinbuild.verify.mismatch.binaries import ElfPart, elf_parts, of_binary, of_damage, of_turned_bit
from twinbuild.verify.mismatch.budget import Budget
from twinbuild.verify.mismatch.catalogue import Cause, cause
from twinbuild.verify.mismatch.found import Found, at_bytes, first_unequal, told
from twinbuild.verify.mismatch.observed import Clue
from twinbuild.verify.mismatch.tars import CHUNK, compare_tars

__all__ = ["Diver"]

_DEEPEST: Final = 8
_UNPACKED: Final = 128 << 20  # bytes that a compressed content may unpack to, and half of it at each level below
_ALL: Final = 2 << 30  # bytes that may be unpacked in all
_USTAR: Final = slice(257, 262)
_TELLING: Final = (".rodata", ".data", ".comment", ".debug_str", ".debug_line_str", ".strtab", ".dynstr")
_UNNAMED: Final = {"content", "random", "item-order"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diver:
    """Compares contents; ``clue`` is what their makers could see, where that is known.

    All that one diver looks into shares a ``budget``; what is beyond it is compared as it stands.
    """

    clue: Clue | None = None
    budget: Budget = field(default_factory=lambda: Budget(_ALL))

    def content(self, place: tuple[str, ...], sides: tuple[bytes, bytes], depth: int = 0) -> Iterator[Found]:
        """Every difference of two unlike contents. ``place`` ends with the name that they have."""
        if sides[0] == sides[1]:
            return
        found = None if depth >= _DEEPEST else self._inside(place, sides, depth)
        yielded = False
        for each in found or ():
            yielded = True
            yield each
        if not yielded:
            yield self.piece(place, sides)

    def piece(self, place: tuple[str, ...], sides: tuple[bytes, bytes], base: int = 0) -> Found:
        """The first differing byte of two contents, or of two pieces of them that begin at ``base``."""
        at = first_unequal(*sides)
        return at_bytes(place, sides, at, self._why(place, sides, at, base), base=base)

    def _why(self, place: tuple[str, ...], sides: tuple[bytes, bytes], at: int, base: int) -> Cause:
        path = place[-1] if place else ""
        piece = base > 0 or max(map(len, sides)) == CHUNK
        guess = (None if piece else of_binary(sides) or of_turned_bit(sides)) or explain(
            path, sides, at, base=base, clue=self.clue
        )
        if guess.name in _UNNAMED and not base:
            return of_damage(sides) or guess
        return guess

    def _inside(self, place: tuple[str, ...], sides: tuple[bytes, bytes], depth: int) -> Iterator[Found] | None:
        """The differences within, where both are of one kind that has an inside."""
        kinds = [compressed.kind_of(side) for side in sides]
        if kinds[0] and kinds[0] == kinds[1]:
            return self._unpacked(place, sides, kinds[0], depth)
        if any(kinds) and kinds[0] != kinds[1] and all(kinds):
            why = cause("compressor", f"one is compressed by {kinds[0]}, the other by {kinds[1]}")
            return iter((at_bytes(place, sides, 0, why),))
        if all(side[_USTAR] == b"ustar" for side in sides):
            return self._tars(place, sides, depth)
        if all(side[:4] in (b"PK\x03\x04", b"PK\x05\x06") for side in sides):
            return self._zips(place, sides, depth)
        if all(side.startswith(debs.MAGIC) for side in sides):
            return debs.compare_ars(place, sides, dive=lambda at, pair: self.content(at, pair, depth + 1))
        parts = elf_parts(sides)
        return self._elf(place, sides, parts) if parts is not None else None

    def _unpacked(self, place: tuple[str, ...], sides: tuple[bytes, bytes], kind: str, depth: int) -> Iterator[Found]:
        one, other = (self._unpack(kind, side, depth) for side in sides)
        if bool(one.fault) != bool(other.fault):
            damaged = one if one.fault else other
            name = "truncated" if damaged.cut else "corrupt"
            yield at_bytes(place, sides, first_unequal(*sides), cause(name, damaged.fault))
            return
        if one.fault or one.beyond or other.beyond:
            return
        yield from self.content((*place, f"unpacked {kind}"), (one.content, other.content), depth + 1)
        headers = [compressed.gzip_header(side) if kind == "gzip" else None for side in sides]
        at = first_unequal(*sides)
        if headers[0] is not None and headers[1] is not None:
            why = compressed.of_gzip_headers(headers[0], headers[1])
            if why is not None:
                yield at_bytes(place, sides, at, why)
                return
        if one.content == other.content:
            said = f"the same bytes, compressed by {kind} to others: another level, version or program"
            yield at_bytes(place, sides, at, cause("compressor", said))

    def _unpack(self, kind: str, side: bytes, depth: int) -> compressed.Unpacked:
        limit = min(_UNPACKED >> depth, self.budget.left)
        found = compressed.unpack(kind, side, limit=limit)
        self.budget.take(limit if found.beyond else len(found.content))
        return found

    def _tars(self, place: tuple[str, ...], sides: tuple[bytes, bytes], depth: int) -> Iterator[Found]:
        return compare_tars(
            place,
            (lambda: io.BytesIO(sides[0]), lambda: io.BytesIO(sides[1])),
            dive=lambda at, pair: self.content(at, pair, depth + 1),
            explain=self.piece,
            strict=False,
        )

    def _zips(self, place: tuple[str, ...], sides: tuple[bytes, bytes], depth: int) -> Iterator[Found]:
        one, other = (zips.read_zip(side) for side in sides)
        if isinstance(one, str) or isinstance(other, str):
            if isinstance(one, str) and isinstance(other, str):
                return
            said = one if isinstance(one, str) else other
            damage = of_damage(sides) or cause("corrupt", f"one archive cannot be read: {said}")
            yield at_bytes(place, sides, first_unequal(*sides), damage)
            return
        yield from zips.compare_zips(
            place,
            sides,
            (one, other),
            dive=lambda at, pair: self.content(at, pair, depth + 1),
            budget=Budget(_UNPACKED >> depth, of=self.budget),
        )

    def _elf(self, place: tuple[str, ...], sides: tuple[bytes, bytes], parts: tuple[ElfPart, ...]) -> Iterator[Found]:
        names = {part.name for part in parts}
        if names and names <= {".note.gnu.build-id", ".gnu_debuglink"}:
            at = first_unequal(*sides)
            why = cause("elf-build-id", "only the build id differs, which was drawn or follows from what was stripped")
            yield at_bytes(place, sides, at, why)
            return
        telling = sorted((part for part in parts if part.name in _TELLING), key=lambda each: _TELLING.index(each.name))
        guesses = [self.piece((*place, f"section {part.name}"), part.sides) for part in telling]
        for part, guess in zip(telling, guesses, strict=True):
            if part.name == ".comment":
                yield told(guess.place, *_comments(part), cause("toolchain", "another compiler wrote it"))
                return
            if guess.cause.name not in {*_UNNAMED, "truncated"}:
                yield guess
                return
        text = next((part for part in parts if part.name == ".text"), None)
        if text is not None:
            place = (*place, "section .text")
            why = cause("cpu", "the machine code differs: compiled for another processor, or with other options")
            yield at_bytes(place, text.sides, first_unequal(*text.sides), why)


def _comments(part: ElfPart) -> tuple[str, str]:
    one, other = (side.replace(b"\0", b" ").decode("latin-1")[:200] for side in part.sides)
    return one, other
