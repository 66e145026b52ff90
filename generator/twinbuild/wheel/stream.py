"""Reading one member: inflated in pieces, with its length, its CRC and its hash checked before the end is given out."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, Final, Protocol, cast

from zlib_ng import zlib_ng  # inflates twice as fast as the interpreter's zlib; what it gives out is the same

from twinbuild.wheel.faults import fault
from twinbuild.wheel.member import STORED, Member

__all__ = ["Hasher", "MemberStream"]

_MALFORMED: Final = cast("type[Exception]", zlib_ng.error)  # its stub says that it is an instance
_PIECE: Final = 1 << 18  # bytes read from the archive at a time
_ALL: Final = 1 << 20  # bytes at a time where the caller asks for everything


class Hasher(Protocol):
    """What hashlib's objects do."""

    def update(self, chunk: bytes, /) -> None:
        """Take more bytes."""

    def digest(self) -> bytes:
        """The digest of all bytes so far."""


class MemberStream(io.RawIOBase):
    """A member's bytes, once and in order.

    The read that reaches the end raises IntegrityError instead if

    - the packed bytes are not one complete deflate stream of exactly the stated length (TB4014),
    - length or CRC-32 differ from the archive's headers (TB4014),
    - ``expected`` is given and ``hasher`` ends at another digest (TB4107).

    A member of the stated size 0 is checked when it is opened. Several streams may be open on one archive: each
    seeks before it reads (but not from two threads at once).
    """

    def __init__(
        self,
        file: BinaryIO,
        member: Member,
        *,
        archive: str,
        hasher: Callable[[], Hasher] | None = None,
        expected: bytes = b"",
    ) -> None:
        super().__init__()
        self._file = file
        self._member = member
        self._archive = archive
        self._offset = member.body
        self._packed = member.packed_size  # bytes not yet read from the archive
        self._left = member.size  # bytes not yet given out
        self._crc = 0
        self._tail = b""  # packed bytes that are read but not yet inflated
        self._inflate = None if member.method == STORED else zlib_ng.decompressobj(-zlib_ng.MAX_WBITS)
        self._hash = hasher() if hasher else None
        self._expected = expected
        if not self._left:
            self._finish()

    def readable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to ``size`` bytes, fewer only at the end (and none after it)."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(_ALL), b""))
        size = min(size, self._left)
        if size == 0:
            return b""
        chunk = self._unpack(size)
        if len(chunk) < size:
            pieces = [chunk]
            missing = size - len(chunk)
            while missing:
                chunk = self._unpack(missing)
                pieces.append(chunk)
                missing -= len(chunk)
            chunk = b"".join(pieces)
        self._crc = zlib_ng.crc32(chunk, self._crc)
        if self._hash is not None:
            self._hash.update(chunk)
        self._left -= size
        if not self._left:
            self._finish()
        return chunk

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """As ``read``, into a buffer."""
        chunk = self.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def _packed_bytes(self, size: int) -> bytes:
        self._file.seek(self._offset)
        piece = self._file.read(min(size, self._packed))
        if not piece and self._packed:
            raise self._fault("ends before its packed bytes do")
        self._offset += len(piece)
        self._packed -= len(piece)
        return piece

    def _unpack(self, size: int) -> bytes:
        """Between 1 and ``size`` unpacked bytes."""
        if self._inflate is None:
            piece = self._packed_bytes(size)
            if not piece:
                raise self._fault("has fewer bytes than its header states")
            return piece
        while True:
            packed = self._tail or self._packed_bytes(_PIECE)
            try:
                piece = self._inflate.decompress(packed, size)
            except _MALFORMED as error:
                raise self._fault(f"does not inflate: {error}") from error
            self._tail = self._inflate.unconsumed_tail
            if piece:
                return piece
            if self._inflate.eof or not (self._tail or self._packed):
                raise self._fault("inflates to fewer bytes than its header states")

    def _finish(self) -> None:
        """Everything that must hold at the end."""
        if self._inflate is None:
            if self._packed:
                raise self._fault("has more bytes than its header states")
        else:
            self._finish_inflating()
        if self._crc != self._member.crc:
            raise self._fault(f"has CRC-32 {self._crc:08x}, its header states {self._member.crc:08x}")
        if self._hash is not None and self._expected and self._hash.digest() != self._expected:
            raise fault(
                "TB4107",
                f"content has hash {self._hash.digest().hex()}, RECORD states {self._expected.hex()}",
                archive=self._archive,
                member=self._member.name,
            )

    def _finish_inflating(self) -> None:
        assert self._inflate is not None
        if not (self._member.size or self._member.packed_size):
            return  # nothing packed, nothing unpacked
        while not self._inflate.eof:
            packed = self._tail or self._packed_bytes(_PIECE)
            try:
                extra = self._inflate.decompress(packed, 1)  # its last bits may be pending even with nothing packed
            except _MALFORMED as error:
                raise self._fault(f"does not inflate: {error}") from error
            if extra:
                raise self._fault("inflates to more bytes than its header states")
            if not (packed or self._inflate.eof):
                raise self._fault("is cut off: its deflate stream has no end")
            self._tail = self._inflate.unconsumed_tail
        if self._inflate.unused_data or self._packed:
            raise self._fault("has bytes after the end of its deflate stream")

    def _fault(self, message: str) -> Exception:
        return fault("TB4014", f"member {message}", archive=self._archive, member=self._member.name)
