"""Compressors of layers, each completely determined, behind one small interface.

The bytes of zstd depend on the library's version, the level, whether there are worker threads at all (not how many)
and whether the content size is known beforehand. One mode is used: at least one worker, size pledged. gzip is made by
zlib-ng, whose version comes with our own dependency: the interpreter's zlib differs between machines, and is slower.
Its bytes depend on the pieces that it is given, so they are of one size. The header is fixed (RFC 1952: no name, time
0, system 255 "unknown").
"""

from __future__ import annotations

import struct
from typing import Final, Protocol, assert_never

import zstandard
from zlib_ng import zlib_ng

from twinbuild.errors import BuildError
from twinbuild.model.plan import Compression, Compressor

__all__ = ["MEDIA_TYPES", "Encoder", "compressor", "encoder"]

# OCI image-spec, layer.md
MEDIA_TYPES: Final = {
    Compression.ZSTD: "application/vnd.oci.image.layer.v1.tar+zstd",
    Compression.GZIP: "application/vnd.oci.image.layer.v1.tar+gzip",
}
_ZSTD_LEVEL: Final = 3
_GZIP_LEVEL: Final = 5  # zlib-ng's 6 is a fifth slower and saves a third of a percent
_GZIP_BLOCK: Final = 1 << 20
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
                implementation=f"zlib-ng/{zlib_ng.ZLIBNG_VERSION}",
                level=_GZIP_LEVEL,
                mode="streaming,block=1MiB,header=fixed",
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
        self._stream = zlib_ng.compressobj(_GZIP_LEVEL, zlib_ng.DEFLATED, -zlib_ng.MAX_WBITS)
        self._sum = 0
        self._size = 0
        self._ready = [_GZIP_HEADER]
        self._block = bytearray()

    def write(self, chunk: bytes) -> bytes:
        rest = memoryview(chunk)
        while rest:
            taken = rest[: _GZIP_BLOCK - len(self._block)]
            self._block += taken
            rest = rest[len(taken) :]
            if len(self._block) == _GZIP_BLOCK:
                self._compress()
        return self._taken()

    def finish(self) -> bytes:
        self._compress()
        self._ready += self._stream.flush(), struct.pack("<II", self._sum, self._size & 0xFFFFFFFF)
        return self._taken()

    def _compress(self) -> None:
        self._sum = zlib_ng.crc32(self._block, self._sum)
        self._size += len(self._block)
        self._ready.append(self._stream.compress(self._block))
        self._block.clear()

    def _taken(self) -> bytes:
        ready = b"".join(self._ready)
        self._ready.clear()
        return ready
