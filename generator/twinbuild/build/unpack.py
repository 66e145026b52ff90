"""An image of the store as a root file system on disk: its layers one over the other."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from twinbuild.build.rootfs import Materialised, materialise
from twinbuild.codec.untar import Body, Kind, Member, untar
from twinbuild.model.image import BuiltLayer, Image
from twinbuild.model.tree import Directory, Entry, File, Hardlink, Symlink
from twinbuild.oci.compress import MEDIA_TYPES
from twinbuild.oci.decompress import decompress
from twinbuild.ports import Store

__all__ = ["layer_chunks", "layer_members", "unpack_image"]

_KINDS: Final = {media_type: kind for kind, media_type in MEDIA_TYPES.items()}


def unpack_image(image: Image, store: Store, root: Path) -> Materialised:
    """Put an image's file system below ``root``, an empty directory. Raises IntegrityError, BuildError TB5920.

    Our own layers hold no whiteouts, so a later entry replaces an earlier one and nothing is deleted.
    """
    return materialise(
        (_entry(member, body) for layer in image.layers for member, body in layer_members(layer, store)), root
    )


def layer_chunks(layer: BuiltLayer, store: Store) -> Iterator[bytes]:
    """A layer's archive in chunks. Raises IntegrityError as ``decompress``."""
    with store.open(layer.blob.digest) as blob:
        kind = _KINDS[layer.blob.media_type]
        yield from decompress(blob, kind, limit=layer.uncompressed_size, subject=layer.title)


def layer_members(layer: BuiltLayer, store: Store) -> Iterator[tuple[Member, Body]]:
    """The members of a layer, each with its bytes, which must be read before the next is asked for."""
    yield from untar(_Joined(layer_chunks(layer, store)), subject=layer.title)


class _Joined:
    """Chunks as a stream."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def read(self, size: int, /) -> bytes:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._rest = memoryview(chunk)
        piece, self._rest = self._rest[:size], self._rest[size:]
        return bytes(piece)


class _Once(io.RawIOBase):
    """A member's bytes as a file that is read once, forward."""

    def __init__(self, body: Body) -> None:
        super().__init__()
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # the stub's type is any buffer
        piece = self._body.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


@dataclass(frozen=True, slots=True)
class _Passing:
    """Content that passes by: it can be opened once, while its member is at hand."""

    body: Body
    size: int

    def open(self) -> BinaryIO:
        return cast("BinaryIO", io.BufferedReader(_Once(self.body), 1 << 18))


def _entry(member: Member, body: Body) -> Entry:
    match member.kind:
        case Kind.DIRECTORY:
            return Directory(path=member.path, mode=member.mode, uid=member.uid, gid=member.gid)
        case Kind.SYMLINK:
            return Symlink(path=member.path, target=member.target, uid=member.uid, gid=member.gid)
        case Kind.HARDLINK:
            return Hardlink(path=member.path, target=member.target)
        case Kind.FILE:
            content = _Passing(body, member.size)
            return File(path=member.path, content=content, mode=member.mode, uid=member.uid, gid=member.gid)
