"""OCI image layouts on disk as something to push: what ``index.json`` names, and the blobs, checked."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from twinbuild.codec.amounts import counted
from twinbuild.errors import IntegrityError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.net.registry.document import (
    LARGEST_DOCUMENT,
    MEDIA_TYPES,
    FetchedManifest,
    entries_of,
    kind_of,
    parts_of,
)
from twinbuild.oci.document import parse
from twinbuild.oci.layout import REFERENCE, blob_path
from twinbuild.pipeline.regular import LARGEST, Irregular, read_regular

__all__ = ["VARIANT", "LayoutBlobs", "NamedImage", "no_layout"]

VARIANT: Final = "dev.twinbuild.variant"  # the label
_MANY: Final = 1000
_PIECE: Final = 1 << 20
_LONGEST: Final = 200  # bytes of a digest in a file
_NAME: Final = "name a spec that was released, its dist/NAME-VERSION or an OCI layout; `twinbuild release` makes one"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedImage:
    """An entry of ``index.json``: its tag ("" for none), and what it refers to."""

    tag: str
    descriptor: Descriptor


class LayoutBlobs:
    """The blobs of a layout: implements ``BlobSource``. Nothing of it is trusted."""

    def __init__(self, directory: Path) -> None:
        self.directory: Final = directory
        self._checked: set[Digest] = set()

    def images(self) -> tuple[NamedImage, ...]:
        """What ``index.json`` names. Raises IntegrityError TB4330, TB4335; UsageError TB3231 where it is empty."""
        index = parse(self._document("index.json"), "index.json")
        found = tuple(
            NamedImage(
                tag=entry.mapping("annotations").get(REFERENCE, "").rpartition(":")[2], descriptor=entry.descriptor()
            )
            for entry in index.children("manifests", _MANY)
        )
        if not found:
            raise no_layout(self.directory, "names no image")
        return found

    def require_verified(self, images: Sequence[NamedImage]) -> None:
        """In a release's directory, hold the images against its release manifest; elsewhere there is nothing to hold.

        Raises IntegrityError TB3234 for an image that the release manifest does not name, or a manifest.json that is
        not the one that release.digest names.
        """
        release = self.directory.parent
        if self.directory.name != "image" or not os.path.lexists(release / "release.digest"):
            return
        try:
            stated = read_regular(release / "release.digest", _LONGEST).decode("ascii").strip()
            content = read_regular(release / "manifest.json", LARGEST)
            environment = json.loads(content)["environment"]
            named = {str(each["digest"]) for key in ("images", "indexes") for each in environment.get(key, ())}
        except (Irregular, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise _unverified(release, "its release manifest cannot be read") from None
        if stated != str(Digest.of(content)):
            raise _unverified(release, f"manifest.json has {Digest.of(content)}, release.digest says {stated[:80]!r}")
        for image in images:
            if str(image.descriptor.digest) not in named:
                raise _unverified(release, f"the release does not have the image {image.descriptor.digest}")

    def manifest(self, descriptor: Descriptor) -> FetchedManifest:
        """A manifest or index by its descriptor. Raises IntegrityError TB3210, TB3212, TB3213."""
        content = self._document(blob_path(descriptor.digest))
        if Digest.of(content) != descriptor.digest:
            raise _damaged(descriptor.digest, f"the manifest has {Digest.of(content)}")
        media_type = kind_of(content, descriptor.media_type, where=str(descriptor.digest))
        return FetchedManifest(content=content, media_type=media_type, digest=descriptor.digest)

    def variant(self, descriptor: Descriptor) -> str:
        """The variant of an image that twinbuild made, from its labels; of an index that of its first image.

        "" for others. Raises IntegrityError TB3210, TB3211, TB4335.
        """
        manifest = self.manifest(descriptor)
        while manifest.is_index:
            entries = entries_of(manifest)
            if not entries or entries[0].descriptor.media_type not in MEDIA_TYPES:
                return ""
            manifest = self.manifest(entries[0].descriptor)
        config = parts_of(manifest).config.digest
        content = self._document(blob_path(config))
        if Digest.of(content) != config:
            raise _damaged(config, f"the configuration has {Digest.of(content)}")
        runtime = parse(content, str(config)).optional("config")
        return runtime.mapping("Labels").get(VARIANT, "") if runtime is not None else ""

    def open(self, digest: Digest) -> BinaryIO:
        """A stream over a blob. Raises IntegrityError TB3211 where there is none."""
        return self._open(blob_path(digest))

    def check(self, digest: Digest, *, size: int | None = None) -> None:
        """Hash a blob once; where its size in bytes is told, none of another is read. Raises IntegrityError TB3211."""
        if digest in self._checked:
            return
        with self.open(digest) as stream:
            found_size = os.fstat(stream.fileno()).st_size
            if size is not None and found_size != size:
                raise _damaged(digest, f"the blob has {counted(found_size, 'byte')}, expected {size}")
            summed = hashlib.sha256()
            while piece := stream.read(_PIECE):
                summed.update(piece)
        found = summed.hexdigest()
        if found != digest.hex:
            raise _damaged(digest, f"the blob has sha256:{found}")
        self._checked.add(digest)

    def _document(self, path: str) -> bytes:
        with self._open(path) as stream:
            content = stream.read(LARGEST_DOCUMENT + 1)
        if len(content) > LARGEST_DOCUMENT:
            raise _damaged(path, f"it is larger than {LARGEST_DOCUMENT} bytes")
        return content

    def _open(self, path: str) -> BinaryIO:
        try:
            descriptor = os.open(self.directory / path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        except OSError as error:
            raise _damaged(path, f"it cannot be read: {os.strerror(error.errno or 0).lower()}") from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise _damaged(path, "it is no regular file")
        return os.fdopen(descriptor, "rb")


def _damaged(what: object, reason: str) -> IntegrityError:
    return IntegrityError.of(
        "TB3211",
        f"the layout is damaged: {reason}",
        hint="make the release again (`twinbuild release`), or the layout",
        where=str(what),
    )


def _unverified(release: Path, reason: str) -> IntegrityError:
    return IntegrityError.of(
        "TB3234",
        f"the directory is not the release that was verified: {reason}",
        hint="make the release again (`twinbuild release`); push a copy of image/ if you mean that layout as it is",
        where=str(release),
    )


def no_layout(where: Path, reason: str, *, hint: str = _NAME) -> UsageError:
    """TB3231, to be raised."""
    return UsageError.of(
        "TB3231",
        f"{where} {reason}",
        hint=hint,
        where=str(where),
    )
