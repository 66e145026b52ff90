"""The files of the model out of a release's image into a directory, each held against its digest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from twinbuild.codec.amounts import counted
from twinbuild.codec.untar import Body, Kind, untar
from twinbuild.describe.modelsigning import artifact_paths
from twinbuild.errors import IntegrityError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.tree import check_path
from twinbuild.oci.contents import HashedStream
from twinbuild.oci.decompress import decompress
from twinbuild.oci.stack import LAYER_KINDS
from twinbuild.pipeline.output import Output, replace_directory
from twinbuild.pipeline.reading.attested import directory_of
from twinbuild.pipeline.reading.layouts import LayoutBlobs
from twinbuild.pipeline.reading.released import Released
from twinbuild.pipeline.reading.validating import check_release

__all__ = ["Extracted", "extract_weights"]

_CHUNK: Final = 1 << 20
_IMAGE: Final = "image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """The directory of the image that holds the files, and path, size and SHA-256 of each below it."""

    root: str
    files: tuple[tuple[str, int, Digest], ...]


def extract_weights(release: Released, output: Path) -> Extracted:
    """Write the files of the model as they lie in the image below ``output``, which holds them all or is as it was.

    The release must be whole. All its images have the same files of the model: the first one's layers are read.
    Raises UsageError TB7003 for a manifest alone, TB8662 for a release without a model, TB8020 where files lie in
    ``output``; IntegrityError as ``check_release``, TB8663 for a file that is missing or of other bytes.
    """
    directory, document = directory_of(release), dict[str, Any](release.document)
    check_release(release)
    root, artifacts = artifact_paths(document)
    if not artifacts:
        raise UsageError.of(
            "TB8662",
            "the release has no files of a model",
            hint="name a release whose model has artifacts",
            where=str(release.path),
        )
    for path in artifacts:
        check_path(path)
    blobs = LayoutBlobs(directory / _IMAGE)
    layers = {layer["title"]: layer for layer in document["environment"]["images"][0]["layers"]}
    with replace_directory(output, Output.FILES) as fresh:
        for path, artifact in artifacts.items():
            (fresh / path).parent.mkdir(parents=True, exist_ok=True)
            _take(fresh / path, artifact, layers.get(f"artifact {artifact['name']}"), blobs)
    files = tuple((path, int(each["size"]), Digest(each["sha256"])) for path, each in artifacts.items())
    return Extracted(root=root, files=files)


def _take(place: Path, artifact: Mapping[str, Any], layer: Mapping[str, Any] | None, blobs: LayoutBlobs) -> None:
    """One file out of its layer. Raises IntegrityError TB8663, and as ``untar`` and ``decompress``."""
    if layer is not None:
        subject = str(layer["title"])
        with blobs.open(Digest.parse(layer["digest"])) as blob:
            kind = LAYER_KINDS[layer["media_type"]]
            chunks = decompress(blob, kind, limit=layer["uncompressed_size"], subject=subject)
            for member, body in untar(HashedStream(chunks), subject=subject):
                wanted = member.kind is Kind.FILE and f"/{member.path}" == artifact["target"]
                if wanted and member.size == artifact["size"]:
                    found = _copy(body, place)
                    if found != artifact["sha256"]:
                        raise _other(artifact, f"has sha256:{found} in its layer, expected sha256:{artifact['sha256']}")
                    return
    raise _other(artifact, f"is not in the image with {counted(artifact['size'], 'byte')}")


def _copy(body: Body, place: Path) -> str:
    """Write a file, synced; its SHA-256."""
    summed = hashlib.sha256()
    with place.open("xb") as file:
        while chunk := body.read(_CHUNK):
            summed.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    place.chmod(0o644)
    return summed.hexdigest()


def _other(artifact: Mapping[str, Any], why: str) -> IntegrityError:
    return IntegrityError.of(
        "TB8663",
        f"{artifact['target']} {why}",
        hint="take the release from where it was made again",
        where=str(artifact["name"]),
    )
