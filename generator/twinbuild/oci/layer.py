"""A layer in one pass: entries → tar → digest → compressed → digest → sink. Memory does not grow with file sizes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from twinbuild.errors import Finding, IntegrityError, Location
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.plan import Compressor
from twinbuild.model.tree import Entry
from twinbuild.oci.compress import MEDIA_TYPES, encoder
from twinbuild.oci.tar import archive_size, write_archive

__all__ = ["WRITER", "Sink", "WrittenLayer", "write_layer"]

WRITER: Final = "twinbuild-layer/2"  # changes whenever the same entries would give other bytes
_WHITEOUT: Final = ".wh."  # OCI image-spec, layer.md, "Whiteouts"


class Sink(Protocol):
    """Where a compressed layer goes; a BlobWriter or an open binary file is one."""

    def write(self, chunk: bytes, /) -> int:
        """Take all the bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenLayer:
    """A layer as written. ``diff_id`` and ``uncompressed_size`` are of the tar, ``digest`` and ``size`` of the blob."""

    diff_id: Digest
    uncompressed_size: int
    digest: Digest
    size: int
    media_type: str

    @property
    def blob(self) -> Descriptor:
        """The blob's descriptor."""
        return Descriptor(media_type=self.media_type, digest=self.digest, size=self.size)


def write_layer(
    entries: Iterable[Entry], *, mtime: int, compressor: Compressor, sink: Sink, workers: int = 2
) -> WrittenLayer:
    """Write the layer of a tree, in the order given, to ``sink``; sizes in bytes, ``mtime`` in seconds since 1970.

    Raises IntegrityError TB4303 to TB4306 if the entries are no clear tree or would delete a lower layer's file,
    TB4308 if a content is not as long as it says; BuildError TB4307 (time), TB4310 (other compressor). What was written
    to ``sink`` before an error is worthless.
    """
    tree = tuple(entries)
    _refuse_whiteouts(tree)
    chunks = write_archive(tree, mtime=mtime)
    uncompressed_size = archive_size(tree)
    compression = encoder(compressor, size=uncompressed_size, workers=workers)
    tar, blob, size = hashlib.sha256(), hashlib.sha256(), 0
    for chunk in chunks:
        ready = compression.write(chunk)  # first: worker threads compress while this thread hashes and reads on
        tar.update(chunk)
        if ready:
            blob.update(ready)
            size += sink.write(ready)
    ready = compression.finish()
    blob.update(ready)
    size += sink.write(ready)
    return WrittenLayer(
        diff_id=Digest(tar.hexdigest()),
        uncompressed_size=uncompressed_size,
        digest=Digest(blob.hexdigest()),
        size=size,
        media_type=MEDIA_TYPES[compressor.kind],
    )


def _refuse_whiteouts(entries: tuple[Entry, ...]) -> None:
    findings = tuple(
        Finding(
            code="TB4306",
            message=f"{entry.path!r} has a part that begins with {_WHITEOUT!r}: in a layer it would delete a file",
            hint="rename the file; image layers cannot hold one of that name",
            where=Location(subject=entry.path),
        )
        for entry in entries
        if _WHITEOUT in entry.path and any(part.startswith(_WHITEOUT) for part in entry.path.split("/"))
    )
    if findings:
        raise IntegrityError(findings)
