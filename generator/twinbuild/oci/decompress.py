"""Strict decompression of untrusted streams: one member or frame, nothing behind it, never more than a limit.

Readers disagree about a second member or trailing bytes, so a stream with either could be two layers at once. Memory
stays small whatever the stream claims: gzip is inflated in bounded steps, and zstd (RFC 8878) is handed to the library
block by block, of which each gives at most 128 KiB.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final, Protocol

import zstandard

from twinbuild.codec.amounts import counted
from twinbuild.errors import IntegrityError
from twinbuild.model.plan import Compression

__all__ = ["Readable", "decompress"]

_STEP: Final = 1 << 20
_LARGEST_WINDOW: Final = 1 << 27  # what the zstd program accepts unasked; a frame may claim terabytes
_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_BLOCK_LIMIT: Final = 128 << 10
_HINT: Final = "do not use the blob; pull or build the image again without chunked or concatenated layers"


class Readable(Protocol):
    """A stream that is only read forward."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; nothing means the end."""


def decompress(stream: Readable, kind: Compression | None, *, limit: int, subject: str) -> Iterator[bytes]:
    """The plain bytes of a stream in chunks; ``kind`` None means that it is plain already.

    Raises IntegrityError TB4311 (malformed or cut off), TB4312 (bytes behind the one member or frame) or TB4313 (more
    than ``limit`` bytes, or a window above 128 MiB), naming ``subject``. Take all chunks: the end is checked last.
    """
    match kind:
        case None:
            chunks = iter(lambda: stream.read(_STEP), b"")
        case Compression.GZIP:
            chunks = _gunzip(stream, subject)
        case Compression.ZSTD:
            chunks = _unzstd(stream, limit, subject)
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > limit:
            raise _above(f"more than {limit} bytes unpacked", subject)
        yield chunk


def _gunzip(stream: Readable, subject: str) -> Iterator[bytes]:
    inflate = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    offset = 0
    while not inflate.eof:
        packed = inflate.unconsumed_tail or stream.read(_STEP)
        if not packed:
            raise _malformed(f"the gzip stream is cut off after {counted(offset, 'byte')}", subject)
        try:
            chunk = inflate.decompress(packed, _STEP)
        except zlib.error as error:
            raise _malformed(f"no gzip stream: {error}", subject) from error
        offset += len(packed) - len(inflate.unconsumed_tail) - len(inflate.unused_data)
        if chunk:
            yield chunk
    if inflate.unused_data or stream.read(1):
        raise _trailing("gzip member", offset, subject)


class _Blocks:
    """The parts of one zstd frame: its header, each block, its sum; then the stream must end."""

    def __init__(self, stream: Readable, subject: str) -> None:
        self._stream = stream
        self._subject = subject
        self._buffer = b""
        self._at = 0
        self.offset = 0

    def exactly(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        while len(self._buffer) - self._at < size:
            chunk = self._stream.read(_STEP)
            if not chunk:
                raise _malformed(f"the zstd stream is cut off after {counted(self.offset, 'byte')}", self._subject)
            self._buffer, self._at = self._buffer[self._at :] + chunk, 0
        part = self._buffer[self._at : self._at + size]
        self._at += size
        self.offset += size
        return part

    def ended(self) -> bool:
        """Whether the stream is at its end."""
        return self._at == len(self._buffer) and not self._stream.read(1)


def _unzstd(stream: Readable, limit: int, subject: str) -> Iterator[bytes]:
    blocks = _Blocks(stream, subject)
    frame = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).decompressobj()
    try:
        header, has_sum = _frame_header(blocks, limit, subject)
        frame.decompress(header)
        last = False
        while not last:
            head = blocks.exactly(3)
            field = int.from_bytes(head, "little")
            last, form, size = bool(field & 1), field >> 1 & 3, field >> 3
            if form == 3 or size > _BLOCK_LIMIT:
                raise _malformed(f"a zstd block of form {form} and {counted(size, 'byte')}", subject)
            chunk = frame.decompress(head + blocks.exactly(1 if form == 1 else size))
            if chunk:
                yield chunk
        if has_sum:
            frame.decompress(blocks.exactly(4))
    except zstandard.ZstdError as error:
        raise _malformed(f"no zstd frame: {error}", subject) from error
    if not frame.eof:
        raise _malformed("a zstd frame that does not end with its last block", subject)
    if not blocks.ended():
        raise _trailing("zstd frame", blocks.offset, subject)


def _frame_header(blocks: _Blocks, limit: int, subject: str) -> tuple[bytes, bool]:
    """The frame's header and whether a content sum ends the frame (RFC 8878, 3.1.1.1)."""
    start = blocks.exactly(5)
    if not start.startswith(_MAGIC):
        raise _malformed(f"begins with {start[:4].hex()}, which is no zstd frame", subject)
    flags = start[4]
    single = bool(flags & 0x20)
    window_descriptor = b"" if single else blocks.exactly(1)
    dictionary = blocks.exactly((0, 1, 2, 4)[flags & 3])
    stated = blocks.exactly((1 if single else 0, 2, 4, 8)[flags >> 6])
    size = int.from_bytes(stated, "little") + (256 if len(stated) == 2 else 0)
    if flags & 0x08 or dictionary.strip(b"\0"):
        raise _malformed("a zstd frame with a reserved flag or a dictionary", subject)
    if stated and size > limit:
        raise _above(f"states {counted(size, 'byte')} unpacked, at most {limit}", subject)
    if window_descriptor:
        base = 1 << (10 + (window_descriptor[0] >> 3))
        window = base + base // 8 * (window_descriptor[0] & 7)
        if window > _LARGEST_WINDOW:
            raise _above(f"a zstd window of {counted(window, 'byte')}, at most {_LARGEST_WINDOW}", subject)
    return start + window_descriptor + dictionary + stated, bool(flags & 4)


def _malformed(message: str, subject: str) -> IntegrityError:
    return IntegrityError.of("TB4311", message, hint="fetch or build the blob again", where=subject)


def _trailing(what: str, offset: int, subject: str) -> IntegrityError:
    return IntegrityError.of(
        "TB4312", f"bytes follow the one {what}, which ends at {offset}", hint=_HINT, where=subject
    )


def _above(message: str, subject: str) -> IntegrityError:
    hint = "check where the blob comes from; raise the limit only for an image that you made"
    return IntegrityError.of("TB4313", message, hint=hint, where=subject)
