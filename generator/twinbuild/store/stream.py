"""Reading a blob and checking it on the way."""

from __future__ import annotations

import hashlib
import io
import os
from typing import TYPE_CHECKING, BinaryIO

from twinbuild.codec.amounts import counted
from twinbuild.model.digest import Digest
from twinbuild.store.faults import damaged
from twinbuild.store.layout import STORE, Form

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["verifying"]

_BUFFER = 1 << 18


class _Verifying(io.RawIOBase):
    """Hashes the longest run from the start that was read so far; where it reaches the end, the digest must agree.

    Seeking back costs nothing, and seeking ahead only postpones the check until the gap is read.
    """

    def __init__(self, source: BinaryIO, digest: Digest, form: Form) -> None:
        super().__init__()
        self._source = source
        self._digest, self._form = digest, form
        self._hash = hashlib.sha256()
        self._hashed = 0
        self._size = source.seek(0, os.SEEK_END)
        source.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer).cast("B")
        start = self._source.tell()
        count: int = self._source.readinto(view)  # type: ignore[attr-defined]  # BinaryIO lacks it, all of ours have it
        if start <= self._hashed < start + count:
            self._hash.update(view[self._hashed - start : count])
            self._hashed = start + count
        if self._hashed >= self._size or (count == 0 and len(view) and start == self._hashed):
            self._compare()
        return count

    def _compare(self) -> None:
        actual = self._hash.hexdigest()
        if actual != self._digest.hex:
            raise damaged(
                self._digest, f"{counted(self._hashed, 'byte')} with the digest sha256:{actual}", form=self._form
            )

    def close(self) -> None:
        self._source.close()
        super().close()


def verifying(source: BinaryIO, digest: Digest, *, form: Form = STORE) -> BinaryIO:
    """A seekable stream over ``source`` whose last read raises IntegrityError TB3103 unless the digest agrees.

    ``source`` is unbuffered, stands anywhere, and is closed with the stream.
    """
    return io.BufferedReader(_Verifying(source, digest, form), _BUFFER)
