"""Compressors of layers, each completely determined, behind one small interface.

The bytes of zstd depend on the library's version, the level, whether there are worker threads at all (not how many)
and whether the content size is known beforehand. One mode is used: at least one worker, size pledged. The bytes of
gzip depend on the zlib build; its header is fixed (RFC 1952: no name, time 0, system 255 "unknown").
"""

from __future__ import annotations

import struct
import zlib
from typing import Final, Protocol, assert_never

import zstandard

from twinbuild.errors import BuildError
from twinbuild.model.plan import Compression, Compressor

__all__ = ["MEDIA_TYPES", "Encoder", "compressor", "encoder"]

# OCI image-spec, layer.md
MEDIA_TYPES: Final = {
    Compression.ZSTD: "application/vnd.oci.image.layer.v1.tar+zstd",
    Compression.GZIP: "application/vnd.oci.image.layer.v1.tar+gzip",
}
_ZSTD_LEVEL: Final = 3
_GZIP_LEVEL: Final = 6
_GZIP_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


class Encoder(Protocol):
    """A compression under way."""

    def write(self, chunk: bytes) -> bytes:
        """Take bytes, give what is ready; often nothing."""

    def finish(self) -> bytes:
        """The last bytes."""


def compressor(kind: Compression) -> Compressor:
    """The one compressor of a kind that this installation has; it belongs in the derivation."""
    match kind:
        case Compression.ZSTD:
            version = ".".join(map(str, zstandard.ZSTD_VERSION))
            return Compressor(
                kind=kind,
                implementation=f"libzstd/{version}",
                level=_ZSTD_LEVEL,
                mode="streaming,workers>=1,content-size",
            )
        case Compression.GZIP:
            return Compressor(
                kind=kind,
                implementation=f"zlib/{zlib.ZLIB_RUNTIME_VERSION}",
                level=_GZIP_LEVEL,
                mode="streaming,header=fixed",
            )
    assert_never(kind)


def encoder(wanted: Compressor, *, size: int, workers: int = 2) -> Encoder:
    """An encoder for exactly ``size`` bytes; ``workers`` (at least 1) changes speed and memory, never a byte.

    Raises BuildError TB4310 if this installation's compressor is not the wanted one: its bytes could differ.
    """
    assert workers >= 1, "without a worker thread zstd writes other bytes"
    have = compressor(wanted.kind)
    if wanted != have:
        raise BuildError.of(
            "TB4310",
            f"layers are to be compressed by {_spelling(wanted)}, but this installation has {_spelling(have)}",
            hint="install the version of twinbuild that made the plan, or plan again",
        )
    match wanted.kind:
        case Compression.ZSTD:
            return _Zstd(size, workers)
        case Compression.GZIP:
            return _Gzip()
    assert_never(wanted.kind)


def _spelling(value: Compressor) -> str:
    return f"{value.implementation} level {value.level} ({value.mode})"


class _Zstd:
    def __init__(self, size: int, workers: int) -> None:
        self._stream = zstandard.ZstdCompressor(level=_ZSTD_LEVEL, threads=workers).compressobj(size=size)

    def write(self, chunk: bytes) -> bytes:
        return self._stream.compress(chunk)

    def finish(self) -> bytes:
        return self._stream.flush()


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._sum = 0
        self._size = 0
        self._head = _GZIP_HEADER

    def write(self, chunk: bytes) -> bytes:
        self._sum = zlib.crc32(chunk, self._sum)
        self._size += len(chunk)
        head, self._head = self._head, b""
        return head + self._stream.compress(chunk)

    def finish(self) -> bytes:
        return self._head + self._stream.flush() + struct.pack("<II", self._sum, self._size & 0xFFFFFFFF)
