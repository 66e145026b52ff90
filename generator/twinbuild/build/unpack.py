"""An image of the store as a root file system on disk: its layers one over the other."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast

from twinbuild.build.rootfs import Materialised, materialise
from twinbuild.codec.untar import Body, Kind, Member, untar
from twinbuild.model.image import BuiltLayer, Image
from twinbuild.model.plan import BaseLayer
from twinbuild.model.tree import Directory, Entry, File, Hardlink, Symlink
from twinbuild.oci.decompress import decompress
from twinbuild.oci.stack import LAYER_KINDS, Stack, read_bodies, read_stack
from twinbuild.ports import Store

__all__ = ["PassingContent", "as_base", "layer_chunks", "layer_members", "layer_tree", "stack_entries", "unpack_image"]


def unpack_image(image: Image, store: Store, root: Path, *, base: int = 0) -> Materialised:
    """Put an image's file system below ``root``, an empty directory. Raises IntegrityError, BuildError TB5920.

    The lowest ``base`` layers are another image's: what layers above them replace or delete is never put there. Our own
    layers hold no whiteouts, so a later entry replaces an earlier one and nothing is deleted.
    """
    return materialise(_entries(image, store, base), root)


def _entries(image: Image, store: Store, base: int) -> Iterator[Entry]:
    below = as_base(image.layers[:base])
    stack, _ = read_stack(below, store.open)
    yield from stack_entries(stack, below, store, stack.places)
    for layer in image.layers[base:]:
        for member, body in layer_members(layer, store):
            yield _entry(member, body)


def as_base(layers: Sequence[BuiltLayer]) -> tuple[BaseLayer, ...]:
    """Finished layers as those of a base, for the readers of base images."""
    return tuple(
        BaseLayer(
            media_type=layer.blob.media_type,
            digest=layer.blob.digest,
            size=layer.blob.size,
            diff_id=layer.diff_id,
            uncompressed_size=layer.uncompressed_size,
        )
        for layer in layers
    )


def stack_entries(stack: Stack, layers: Sequence[BaseLayer], store: Store, paths: Collection[str]) -> Iterator[Entry]:
    """The entries of a base's tree at ``paths``; contents can be read while their entry is at hand."""
    chosen = {path: stack.places[path].member for path in sorted(paths)}
    for path, member in chosen.items():
        if member.kind is Kind.DIRECTORY:
            yield Directory(path=path, mode=member.mode, uid=member.uid, gid=member.gid)
        elif member.kind is Kind.SYMLINK:
            yield Symlink(path=path, target=member.target, uid=member.uid, gid=member.gid)
    files = [path for path, member in chosen.items() if member.kind in (Kind.FILE, Kind.HARDLINK)]
    for (first, *others), member, body in read_bodies(stack, layers, store.open, files):
        content = PassingContent(body, member.size)
        yield File(path=first, content=content, mode=member.mode, uid=member.uid, gid=member.gid)
        for other in others:
            yield Hardlink(path=other, target=first)


def layer_chunks(layer: BuiltLayer, store: Store) -> Iterator[bytes]:
    """A layer's archive in chunks. Raises IntegrityError as ``decompress``."""
    with store.open(layer.blob.digest) as blob:
        kind = LAYER_KINDS[layer.blob.media_type]
        yield from decompress(blob, kind, limit=layer.uncompressed_size, subject=layer.title)


def layer_members(layer: BuiltLayer, store: Store, *, special: bool = False) -> Iterator[tuple[Member, Body]]:
    """The members of a layer, each with its bytes, which must be read before the next is asked for."""
    yield from untar(_Joined(layer_chunks(layer, store)), subject=layer.title, special=special)


def layer_tree(layer: BuiltLayer, store: Store, *, below: str) -> Iterator[Entry]:
    """The entries of one of our own layers, each to be read while it is at hand, moved to a directory."""
    for member, body in layer_members(layer, store):
        target = f"{below}/{member.target}" if member.kind is Kind.HARDLINK else member.target
        yield _entry(replace(member, path=f"{below}/{member.path}", target=target), body)


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
class PassingContent:
    """Content that passes by: it can be opened once, while its member is at hand."""

    body: Body
    size: int

    def open(self) -> BinaryIO:
        """The one stream over the bytes."""
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
            content = PassingContent(body, member.size)
            return File(path=member.path, content=content, mode=member.mode, uid=member.uid, gid=member.gid)
        case Kind.SPECIAL:
            raise AssertionError("it is refused where it is not asked for")
