"""One compressed stream inside a file, decompressed as it is read, in bounded memory, and nothing behind its end."""

from __future__ import annotations

import lzma
import zlib
from typing import IO, BinaryIO, Final, Protocol

from twinbuild.errors import IntegrityError

__all__ = ["Decompressed"]

_INPUT: Final = 1 << 16  # bytes read at a time
_OUTPUT: Final = 1 << 18  # bytes that one step may give, where the library can be held to it
_ZSTD_INPUT: Final = 1 << 10  # zstandard can't: 1 KiB in gives at most 32 MiB out (RLE blocks of 128 KiB)
_WINDOW: Final = 128 << 20  # bytes of history that a stream may ask for


class _Step(Protocol):
    """A decompressor in steps."""

    @property
    def finished(self) -> bool:
        """Whether the stream's own end has been reached."""

    @property
    def excess(self) -> bytes:
        """Input behind the stream's end."""

    def step(self, chunk: bytes) -> bytes:
        """Take input (may be empty while there is output left) and give some output."""

    @property
    def hungry(self) -> bool:
        """Whether input is needed before there is more output."""


class _Stored:
    """No compression: the end is where the input ends."""

    finished = False
    excess = b""
    hungry = True

    def step(self, chunk: bytes) -> bytes:
        """The chunk itself."""
        return chunk


class _Gzip:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def finished(self) -> bool:
        return self._inner.eof

    @property
    def excess(self) -> bytes:
        return self._inner.unused_data

    @property
    def hungry(self) -> bool:
        return not self._inner.unconsumed_tail

    def step(self, chunk: bytes) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + chunk, _OUTPUT)


class _Xz:
    def __init__(self) -> None:
        self._inner = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_WINDOW)

    @property
    def finished(self) -> bool:
        return self._inner.eof

    @property
    def excess(self) -> bytes:
        return self._inner.unused_data

    @property
    def hungry(self) -> bool:
        return self._inner.needs_input

    def step(self, chunk: bytes) -> bytes:
        return self._inner.decompress(chunk, _OUTPUT)


class _Zstd:
    hungry = True

    def __init__(self) -> None:
        import zstandard

        self._inner = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()

    @property
    def finished(self) -> bool:
        return self._inner.eof

    @property
    def excess(self) -> bytes:
        return self._inner.unused_data

    def step(self, chunk: bytes) -> bytes:
        import zstandard

        try:
            return self._inner.decompress(chunk)
        except zstandard.ZstdError as error:
            raise lzma.LZMAError(str(error)) from error


def _step(compression: str) -> _Step:
    match compression:
        case "gz":
            return _Gzip()
        case "xz":
            return _Xz()
        case "zst":
            return _Zstd()
    return _Stored()


class Decompressed:
    """A forward stream of the decompressed bytes of ``file[offset:offset + size]``.

    Each byte that leaves the decompressor is also written to ``copy``, whether it is asked for or not.
    """

    def __init__(
        self, file: BinaryIO, offset: int, size: int, compression: str, subject: str, *, copy: IO[bytes] | None = None
    ) -> None:
        self._file = file
        self._position = offset
        self._left = size
        self._inner = _step(compression)
        self._input = _ZSTD_INPUT if compression == "zst" else _INPUT
        self._subject = subject
        self._copy = copy
        self._chunk = b""
        self._at = 0

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; nothing at the end. Raises IntegrityError TB4204."""
        if self._at >= len(self._chunk):
            self._chunk = self._next()
            self._at = 0
        piece = self._chunk[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def _next(self) -> bytes:
        """The next bytes, or none at the end of a stream that is whole."""
        while not self._inner.finished:
            hungry = self._inner.hungry
            if hungry and not self._left and isinstance(self._inner, _Stored):
                return b""
            try:
                chunk = self._inner.step(self._take() if hungry and self._left else b"")
            except (zlib.error, lzma.LZMAError) as error:
                raise self._malformed(str(error)) from error
            if chunk:
                if self._copy is not None:
                    self._copy.write(chunk)
                return chunk
            if hungry and not self._left and not self._inner.finished:
                raise self._malformed("the compressed stream is cut off")
        if self._left or self._inner.excess:
            raise self._malformed("bytes after the end of the compressed stream")
        return b""

    def _take(self) -> bytes:
        self._file.seek(self._position)  # others may read the same file between two reads
        fresh = self._file.read(min(self._left, self._input))
        if not fresh:
            raise self._malformed("the file is cut off")
        self._position += len(fresh)
        self._left -= len(fresh)
        return fresh

    def _malformed(self, what: str) -> IntegrityError:
        return IntegrityError.of(
            "TB4204",
            what,
            hint="do not use the package; fetch it again from the archive, and report it if it stays so",
            where=self._subject,
        )
