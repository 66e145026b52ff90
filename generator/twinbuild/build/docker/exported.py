"""What BuildKit exported, read strictly: the base untouched, and above it one tree of files that lie in plain tars.

Nothing is unpacked. A file's bytes stay in the layer that BuildKit wrote, at an offset, and are read from there when
our own writer asks for them; every layer's digest is checked first.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from twinbuild.codec.amounts import counted
from twinbuild.codec.untar import Member, untar
from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.oci.document import parse
from twinbuild.oci.image import CONFIG, MANIFEST

__all__ = ["Exported", "Found", "Slice", "read_export"]

_PLAIN: Final = "application/vnd.oci.image.layer.v1.tar"
_CHUNK: Final = 1 << 20
_LIMIT: Final = 4 << 20  # bytes of a document
_MOST_LAYERS: Final = 1000
_HINT: Final = "the builder wrote something else than it says; update BuildKit, or report this"


@dataclass(frozen=True, slots=True)
class Slice:
    """A file's bytes inside of a layer on disk."""

    path: Path
    offset: int
    size: int

    def open(self) -> BinaryIO:
        """A new stream over them."""
        return cast("BinaryIO", io.BufferedReader(_Window(self.path, self.offset, self.size), 1 << 18))


class _Window(io.RawIOBase):
    def __init__(self, path: Path, offset: int, size: int) -> None:
        super().__init__()
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        self._at, self._left = offset, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # the stub's type is any buffer
        piece = os.pread(self._descriptor, min(len(buffer), self._left), self._at)
        buffer[: len(piece)] = piece
        self._at += len(piece)
        self._left -= len(piece)
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A member of a layer above the base, and the layer's file."""

    member: Member
    layer: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """An exported image. ``layers`` has the members of each layer above the base, lowest layer first, in order.

    A member may be whatever a file system holds; the root's own, where an engine states it, has no path.
    """

    config: Mapping[str, object]
    base_layers: tuple[Descriptor, ...]
    base_diff_ids: tuple[str, ...]
    layers: tuple[tuple[Found, ...], ...]


def read_export(layout: Path, *, base: int) -> Exported:
    """Read a layout with one image whose lowest ``base`` layers are the base's.

    Raises IntegrityError TB5220 where it is no such layout or a blob is not what its digest says, and as ``untar``.
    """
    index = parse(_document(layout / "index.json"), "index.json")
    entries = index.children("manifests", 1)
    if not entries:
        index.refuse("TB5220", "no image, expected one", "manifests")
    manifest = parse(_blob(layout, entries[0].descriptor(), MANIFEST), "manifest")
    config = parse(_blob(layout, manifest.child("config").descriptor(), CONFIG), "config")
    layers = tuple(node.descriptor() for node in manifest.children("layers", _MOST_LAYERS))
    diff_ids = config.child("rootfs").texts("diff_ids")
    if len(diff_ids) != len(layers) or len(layers) < base:
        got = f"{counted(len(layers), 'layer')} and {counted(len(diff_ids), 'diff_id')}"
        message = f"{got}, expected as many, and at least {base}"
        manifest.refuse("TB5220", message, "layers")
    return Exported(
        config=config.fields,
        base_layers=layers[:base],
        base_diff_ids=tuple(diff_ids[:base]),
        layers=tuple(
            tuple(_members(layout, descriptor, diff_id))
            for descriptor, diff_id in zip(layers[base:], diff_ids[base:], strict=True)
        ),
    )


def _members(layout: Path, descriptor: Descriptor, diff_id: str) -> Iterator[Found]:
    if descriptor.media_type != _PLAIN or str(descriptor.digest) != diff_id:
        raise IntegrityError.of(
            "TB5220", f"a layer is {descriptor.media_type}, expected a plain tar", hint=_HINT, where=diff_id
        )
    path = _path(layout, descriptor.digest)
    _check(path, descriptor)
    with path.open("rb") as stream:
        for member, _ in untar(stream, subject=f"BuildKit's layer {diff_id}", anything=True):
            yield Found(member=member, layer=path)


def _blob(layout: Path, descriptor: Descriptor, media_type: str) -> bytes:
    content = _document(_path(layout, descriptor.digest))
    if descriptor.media_type != media_type or Digest.of(content) != descriptor.digest:
        raise IntegrityError.of(
            "TB5220",
            f"a {descriptor.media_type} of digest {Digest.of(content)}, expected {media_type} of {descriptor.digest}",
            hint=_HINT,
        )
    return content


def _path(layout: Path, digest: Digest) -> Path:
    return layout / "blobs" / "sha256" / digest.hex


def _document(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(_LIMIT + 1)
    except OSError as error:
        raise IntegrityError.of(
            "TB5220", f"the export has no {path.name[:80]}: {error.strerror}", hint=_HINT
        ) from error
    if len(content) > _LIMIT:
        raise IntegrityError.of("TB5220", f"{path.name[:80]} is larger than {_LIMIT} bytes", hint=_HINT)
    return content


def _check(path: Path, descriptor: Descriptor) -> None:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != descriptor.digest.hex:
        raise IntegrityError.of(
            "TB5220", f"the layer {descriptor.digest} has other bytes than its digest says", hint=_HINT
        )
