"""OCI image layouts (image-layout.md) as values: which file has which bytes. An adapter or the tar writer writes them.

``index.json`` has one entry for each variant. Its reference is a tag, ``VERSION``, or ``VERSION-VARIANT`` where the
spec has several variants, whether all of them are in the layout or not; a second annotation, which engines read, says
``docker.io/library/NAME:TAG``. The entry is the image's manifest with its platform; where the variant has several
platforms it is an index of its own, a blob, which lists one manifest for each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.canonical import Json, canonical
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image
from twinbuild.model.tree import BytesContent, Content, Directory, Entry, File
from twinbuild.oci.image import described, image_indexes, index_document

__all__ = ["LAYOUT", "LayoutFile", "blob_path", "image_layout", "layout_entries", "loadable_layout", "tag"]

REFERENCE: Final = "org.opencontainers.image.ref.name"
_CONTAINERD_NAME: Final = "io.containerd.image.name"  # what an engine's containerd store names a loaded image by
LAYOUT: Final = canonical({"imageLayoutVersion": "1.0.0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutFile:
    """One file of a layout: its path below the layout's root, its bytes or the blob of the store that it copies."""

    path: str
    content: bytes | Digest
    size: int


def blob_path(digest: Digest) -> str:
    """Where a layout keeps a blob: ``blobs/sha256/<hex>``."""
    return f"blobs/sha256/{digest.hex}"


def tag(version: str, variant: str, *, only: bool) -> str:
    """The tag of a variant: the version alone names a spec's only one. Tags have no ``+``: it is a ``_`` there."""
    plain = version.replace("+", "_")
    return plain if only else f"{plain}-{variant}"


def image_layout(name: str, version: str, images: Sequence[Image], *, some: bool = False) -> tuple[LayoutFile, ...]:
    """The files of the layout of a release's images, sorted by path; a blob that images share is there once.

    ``some``: the spec has further variants, so that even a single one is named in its tag.
    """
    entries: list[Json] = []
    files = _blobs(images)
    indexes = {index.variant: index for index in image_indexes(images)}
    for chosen, group in _variants(version, images, some=some):
        annotations = ((_CONTAINERD_NAME, f"docker.io/library/{name}:{chosen}"), (REFERENCE, chosen))
        index = indexes.get(group[0].variant)
        if index is None:
            entries.append(described(group[0].manifest, platform=group[0].platform, annotations=annotations))
            continue
        blob = index.descriptor.digest
        files[blob] = LayoutFile(path=blob_path(blob), content=index.content, size=index.descriptor.size)
        entries.append(described(index.descriptor, annotations=annotations))
    documents = (_document("oci-layout", LAYOUT), _document("index.json", index_document(entries)))
    return tuple(sorted((*files.values(), *documents), key=lambda file: file.path))


def loadable_layout(name: str, version: str, images: Sequence[Image], *, some: bool = False) -> tuple[LayoutFile, ...]:
    """The layout with a ``manifest.json`` beside it, which ``docker load`` reads where the engine's store is not OCI's.

    That store has no indexes: of a variant with several platforms each image gets a tag of its own, ``…-ARCHITECTURE``.
    """
    listed: list[Json] = []
    for chosen, group in _variants(version, images, some=some):
        for image in group:
            suffix = "" if len(group) == 1 else f"-{image.platform.architecture}"
            listed.append(
                {
                    "Config": blob_path(image.config.digest),
                    "Layers": [blob_path(layer.blob.digest) for layer in image.layers],
                    "RepoTags": [f"{name}:{chosen}{suffix}"],
                }
            )
    files = (*image_layout(name, version, images, some=some), _document("manifest.json", canonical(listed)))
    return tuple(sorted(files, key=lambda file: file.path))


def layout_entries(files: Sequence[LayoutFile], blob: Callable[[Digest], Content]) -> tuple[Entry, ...]:
    """The files as entries for ``write_archive``; ``blob`` gives the content of a blob of the store."""
    directories = {file.path[:at] for file in files for at, character in enumerate(file.path) if character == "/"}
    entries: list[Entry] = [Directory(path=path) for path in directories]
    for file in files:
        content = BytesContent(file.content) if isinstance(file.content, bytes) else blob(file.content)
        entries.append(File(path=file.path, content=content))
    return tuple(sorted(entries, key=lambda entry: entry.path))


def _variants(version: str, images: Sequence[Image], *, some: bool) -> list[tuple[str, list[Image]]]:
    """The tag of each variant, and its images in the order of their platforms."""
    groups: dict[str, list[Image]] = {}
    for image in sorted(images, key=lambda image: (image.variant, image.platform)):
        groups.setdefault(image.variant, []).append(image)
    only = len(groups) == 1 and not some
    return [(tag(version, variant, only=only), group) for variant, group in groups.items()]


def _blobs(images: Sequence[Image]) -> dict[Digest, LayoutFile]:
    found: dict[Digest, LayoutFile] = {}
    for image in images:
        for descriptor in (image.manifest, image.config, *(layer.blob for layer in image.layers)):
            path = blob_path(descriptor.digest)
            found[descriptor.digest] = LayoutFile(path=path, content=descriptor.digest, size=descriptor.size)
    return found


def _document(path: str, content: bytes) -> LayoutFile:
    return LayoutFile(path=path, content=content, size=len(content))
