"""A base in an OCI image layout: a directory below the project, for air-gapped machines and bases of one's own.

`oci-layout:DIR`, with `@sha256:…` where the layout has more than one image. Nothing of it is trusted: every file is
hashed as it goes into the store.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from twinbuild.errors import FetchError, IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.oci.document import LARGEST_DOCUMENT, parse
from twinbuild.oci.foreign import INDEXES, MANIFESTS
from twinbuild.oci.layout import blob_path
from twinbuild.ports import Progress, Store

__all__ = ["LAYOUT", "LayoutSource"]

LAYOUT: Final = "oci-layout:"
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutSource:
    """Implements ``BaseSource`` for the layout in a directory."""

    directory: Path

    def manifest(self, reference: str) -> tuple[str, bytes]:
        """What ``index.json`` leads to: its only image or index where ``reference`` is "", else the one of a digest.

        Raises FetchError TB2278, IntegrityError TB4332 for other bytes than the digest says.
        """
        index = parse(self._document("index.json"), "index.json")
        entries = {each.descriptor() for each in index.children("manifests", 1000)}
        if not reference:
            if len(entries) != 1:
                raise self._refused(f"index.json names {len(entries)} images, expected one", "name one: DIR@sha256:…")
            (entry,) = entries
            return entry.media_type, self._named(entry.digest)
        content = self._named(Digest.parse(reference))
        stated = {entry.media_type for entry in entries if str(entry.digest) == reference}
        document = parse(content, reference)
        media_type = document.text("mediaType", "") or next(iter(stated), "")
        if not media_type:
            media_type = INDEXES[0] if "manifests" in document.fields else MANIFESTS[0]
        return media_type, content

    def fetch(self, blob: Descriptor, store: Store, progress: Progress) -> None:
        """Copy a blob into the store. Raises FetchError TB2278, IntegrityError TB3101."""
        progress(f"reading {blob.digest.hex[:12]} of the layout", 0, blob.size)
        with self._open(blob_path(blob.digest)) as stream, store.writer() as sink:
            while chunk := stream.read(_CHUNK):
                sink.write(chunk)
            sink.commit(blob.digest)

    def _named(self, digest: Digest) -> bytes:
        content = self._document(blob_path(digest))
        if (found := Digest.of(content)) != digest:
            raise IntegrityError.of(
                "TB4332",
                f"the manifest has digest {found}, expected {digest}",
                hint="do not use the layout; write it anew, such as by `skopeo copy … oci:DIR`",
                where=self.directory.name,
            )
        return content

    def _document(self, path: str) -> bytes:
        with self._open(path) as stream:
            content = stream.read(LARGEST_DOCUMENT + 1)
        if len(content) > LARGEST_DOCUMENT:
            raise self._refused(f"{path} is longer than {LARGEST_DOCUMENT} bytes", "name an image's layout")
        return content

    def _open(self, path: str) -> BinaryIO:
        """A regular file of the layout, whoever wrote it: no link, no pipe that would never end."""
        try:
            descriptor = os.open(self.directory / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            message = f"cannot read {path}: {os.strerror(error.errno or 0)}"
            raise self._refused(message, "write the layout anew, such as by `skopeo copy … oci:DIR`") from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise self._refused(f"{path} is no regular file", "write the layout anew")
        return open(descriptor, "rb")  # noqa: PTH123  a descriptor

    def _refused(self, message: str, hint: str) -> FetchError:
        return FetchError.of("TB2278", f"the base's OCI layout: {message}", hint=hint, where=self.directory.name)
