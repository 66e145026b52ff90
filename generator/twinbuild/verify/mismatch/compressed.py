"""Compressed streams: what they unpack to, and what their own headers say that the content does not.

Several members or frames behind each other count as one content, as the programs read them; a bound on the bytes
that come out is kept by each.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final

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
    """Unpack at most ``limit`` bytes."""
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
    except (zlib.error, lzma.LZMAError, OSError, zstandard.ZstdError, ValueError) as error:
        return Unpacked(content=b"".join(parts), fault=f"the {kind} stream is damaged: {error}"[:200])
    return Unpacked(content=b"".join(parts))


def _chunks(kind: str, content: bytes) -> Iterator[bytes]:
    if kind == "zstd":
        yield from _zstd(content)
        return
    rest = content
    while rest:
        if kind != kind_of(rest):
            if any(rest):  # zeros behind a member are padding
                raise ValueError("bytes follow the stream")
            return
        rest = yield from _member(kind, rest)


def _member(kind: str, content: bytes) -> Generator[bytes, None, bytes]:
    """The chunks of one member; returns what follows it."""
    if kind == "gzip":
        inflate = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        rest = content
        while not inflate.eof:
            chunk = inflate.decompress(rest, _STEP)
            if not chunk and not inflate.unconsumed_tail and not inflate.eof:
                raise EOFError
            rest = inflate.unconsumed_tail
            yield chunk
        return inflate.unused_data
    machine = lzma.LZMADecompressor(memlimit=_MEMORY) if kind == "xz" else bz2.BZ2Decompressor()
    fed = content
    while not machine.eof:
        chunk = machine.decompress(fed, _STEP)
        fed = b""
        if not chunk and machine.needs_input and not machine.eof:
            raise EOFError
        yield chunk
    return machine.unused_data


def _zstd(content: bytes) -> Iterator[bytes]:
    rest = content
    while rest:
        frame = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()
        for start in range(0, len(rest), 1 << 16):  # a block gives at most 128 KiB
            chunk = frame.decompress(rest[start : start + (1 << 16)])
            if chunk:
                yield chunk
            if frame.eof:
                break
        if not frame.eof:
            raise EOFError
        rest = frame.unused_data + rest[start + (1 << 16) :]


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
