"""What a release's own image says of what it holds: RECORD files, by which packages are recognised, and variables."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.deploy.parity.difference import object_at
from twinbuild.deploy.parity.manifests import entries_of
from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.oci.compress import MEDIA_TYPES
from twinbuild.oci.decompress import decompress
from twinbuild.oci.document import parse
from twinbuild.pipeline.reading.layouts import LayoutBlobs

__all__ = ["image_variables", "records_of"]

_RECORD: Final = re.compile(r"opt/venv/lib/python3\.[0-9]+/site-packages/([^/]+)-[^/-]+\.dist-info/RECORD")
_KINDS: Final = {media_type: kind for kind, media_type in MEDIA_TYPES.items()}


class _Stream(io.RawIOBase):
    """Chunks as a stream that is only read forward."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._left = chunks, b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._left) < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            self._left += chunk
        taken, self._left = (self._left, b"") if size < 0 else (self._left[:size], self._left[size:])
        return taken


def records_of(directory: Path, document: Mapping[str, Json], target: Mapping[str, Json]) -> dict[str, str]:
    """The digest of each project's RECORD in the image of a target, by project; higher layers win.

    ``directory`` is the release's. Raises IntegrityError TB3211 for a layer with other bytes, TB4311 to TB4313 for one
    that cannot be read.
    """
    found: dict[str, str] = {}
    blobs = LayoutBlobs(directory / "image")
    for image in entries_of(object_at(dict(document), "environment").get("images")):
        if any(image.get(key) != target.get(key) for key in ("variant", "platform")):
            continue
        for layer in entries_of(image.get("layers")):
            digest, size = Digest.parse(str(layer.get("digest"))), layer.get("uncompressed_size")
            blobs.check(digest)
            with blobs.open(digest) as stream:
                kind = _KINDS.get(str(layer.get("media_type")))
                limit = size if isinstance(size, int) else 0
                found |= _records(decompress(stream, kind, limit=limit, subject=str(digest)), str(digest))
    return found


def image_variables(
    directory: Path, document: Mapping[str, Json], target: Mapping[str, Json] | None = None
) -> dict[str, str]:
    """The variables that the image of a target sets, those of its base among them; of all images without one.

    ``directory`` is the release's. Raises IntegrityError TB3211, TB4335 for a configuration that cannot be read.
    """
    blobs, found = LayoutBlobs(directory / "image"), dict[str, str]()
    for image in entries_of(object_at(dict(document), "environment").get("images")):
        if target is not None and any(image.get(key) != target.get(key) for key in ("variant", "platform")):
            continue
        digest = Digest.parse(str(image.get("config")))
        blobs.check(digest)
        with blobs.open(digest) as stream:
            runtime = parse(stream.read(), str(digest)).optional("config")
        for entry in runtime.texts("Env") if runtime is not None else ():
            name, _, value = entry.partition("=")
            found[name] = value
    return found


def _records(chunks: Iterator[bytes], subject: str) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        with tarfile.open(fileobj=_Stream(chunks), mode="r|", bufsize=1 << 20) as archive:
            for member in archive:
                match = _RECORD.fullmatch(member.name)
                opened = archive.extractfile(member) if match is not None and member.isfile() else None
                if match is not None and opened is not None:
                    project = re.sub(r"[-_.]+", "-", match[1]).lower()
                    found[project] = f"sha256:{hashlib.sha256(opened.read()).hexdigest()}"
    except tarfile.TarError as error:
        raise IntegrityError.of(
            "TB4311", f"the layer is no tar: {error}", hint="take the release from where it was made", where=subject
        ) from error
    return found
