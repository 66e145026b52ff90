"""Compressed streams: what they unpack to, and what their own headers say that the content does not.

Several members or frames behind each other count as one content, as the programs read them; a bound on the bytes
that come out is kept by each.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Final

import zstandard

from twinbuild.verify.mismatch.catalogue import Cause, cause

__all__ = ["GzipHeader", "Unpacked", "gzip_header", "kind_of", "of_gzip_headers", "unpack"]

_MAGICS: Final = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
)
_STEP: Final = 1 << 20
_MEMORY: Final = 256 << 20  # bytes that a decompressor may use
_WINDOW: Final = 1 << 27
_MAGIC: Final = 6  # bytes of the longest one
_MEMBERS: Final = 100_000  # of a stream; those of bgzip hold 64 KiB each
_LEAST: Final = 256  # bytes that a member is fed first, for it may be an empty one
# And later on: four bytes of zstd can give 128 KiB, however many are asked for.
_MOST: Final = {"gzip": 1 << 16, "xz": 1 << 16, "bzip2": 1 << 16, "zstd": 512}
_Making = Callable[[], Any]  # a decompressor for one member
_MACHINES: Final[dict[str, Callable[[], _Making]]] = {
    "gzip": lambda: lambda: zlib.decompressobj(wbits=16 + zlib.MAX_WBITS),
    "xz": lambda: lambda: lzma.LZMADecompressor(memlimit=_MEMORY),
    "bzip2": lambda: bz2.BZ2Decompressor,
    "zstd": lambda: zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj,  # dear to make, so one for all
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """What came out. ``fault`` is "" for a sound stream, else what is wrong with it; ``cut``: it ends too early."""

    content: bytes
    fault: str = ""
    cut: bool = False
    beyond: bool = False  # more would have come out than was allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class GzipHeader:
    """RFC 1952, section 2.3. ``length`` is that of the header in bytes."""

    mtime: int
    extra_flags: int
    system: int
    name: bytes
    comment: bytes
    length: int


def kind_of(head: bytes) -> str:
    """The name of a compressed form by its first bytes; "" for none."""
    return next((name for magic, name in _MAGICS if head.startswith(magic)), "")


def unpack(kind: str, content: bytes, *, limit: int) -> Unpacked:
    """Unpack at most ``limit`` bytes, of as many members or frames as any usual program writes."""
    parts: list[bytes] = []
    total = 0
    try:
        for chunk in _chunks(kind, content):
            total += len(chunk)
            if total > limit:
                return Unpacked(content=b"".join(parts), beyond=True)
            parts.append(chunk)
    except EOFError:
        return Unpacked(content=b"".join(parts), fault=f"the {kind} stream is cut off", cut=True)
    except OverflowError:
        return Unpacked(content=b"".join(parts), beyond=True)
    except (zlib.error, lzma.LZMAError, OSError, zstandard.ZstdError, ValueError) as error:
        return Unpacked(content=b"".join(parts), fault=f"the {kind} stream is damaged: {error}"[:200])
    return Unpacked(content=b"".join(parts))


def _chunks(kind: str, content: bytes) -> Iterator[bytes]:
    """What all members give. Raises OverflowError for too many of them."""
    at, making = 0, _MACHINES[kind]()
    for _ in range(_MEMBERS):
        if at == len(content):
            return
        if kind != kind_of(content[at : at + _MAGIC]):
            if content[at:].strip(b"\0"):  # zeros behind a member are padding
                raise ValueError("bytes follow the stream")
            return
        at = yield from _member(kind, making(), content, at)
    raise OverflowError


def _member(kind: str, machine: Any, content: bytes, at: int) -> Generator[bytes, None, int]:
    """The chunks of the member that begins at an offset; returns the offset of what follows it."""
    size = _LEAST
    while not machine.eof:
        fed = content[at : at + size]
        if not fed:
            raise EOFError
        at += len(fed)
        yield from _pieces(kind, machine, fed)
        size = min(2 * size, _MOST[kind])
    return at - len(machine.unused_data)


def _pieces(kind: str, machine: Any, fed: bytes) -> Iterator[bytes]:
    """All that some bytes give, in pieces that are no larger than ``_STEP`` or what a few blocks of zstd hold."""
    if kind == "zstd":
        yield machine.decompress(fed)
        return
    yield machine.decompress(fed, _STEP)
    while not machine.eof and (machine.unconsumed_tail if kind == "gzip" else not machine.needs_input):
        yield machine.decompress(machine.unconsumed_tail if kind == "gzip" else b"", _STEP)


def gzip_header(content: bytes) -> GzipHeader | None:
    """The header of a gzip member; None where it is cut off."""
    if len(content) < 10:
        return None
    flags, at = content[3], 10
    if flags & 4:
        at += 2 + int.from_bytes(content[at : at + 2], "little")
    texts = []
    for flag in (8, 16):
        end = content.find(b"\0", at, at + 4096) if flags & flag else at - 1
        if end < at - 1:
            return None
        texts.append(content[at:end] if flags & flag else b"")
        at = end + 1
    return GzipHeader(
        mtime=int.from_bytes(content[4:8], "little"),
        extra_flags=content[8],
        system=content[9],
        name=texts[0],
        comment=texts[1],
        length=at + (2 if flags & 2 else 0),
    )


def of_gzip_headers(one: GzipHeader, other: GzipHeader) -> Cause | None:
    """The cause of unlike headers."""
    if one.mtime != other.mtime:
        return cause("gzip-timestamp", "the header of the gzip file has the time of compression")
    if (one.name, one.comment) != (other.name, other.comment):
        return cause("gzip-name", "the header of the gzip file has the name of the file that was compressed")
    if one.system != other.system:
        return cause("compressor", "the header of the gzip file names another operating system (its OS byte)")
    if one.extra_flags != other.extra_flags:
        return cause("compressor", "the header of the gzip file names another level of compression (XFL)")
    return None
