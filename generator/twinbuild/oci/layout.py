"""OCI image layouts (image-layout.md) as values: which file has which bytes. An adapter or the tar writer writes them.

``index.json`` has one entry for each variant, which names it ``NAME:VERSION``, or ``NAME:VERSION-VARIANT`` where the
release has several variants. The entry is the image's manifest with its platform; where the variant has several
platforms it is an index of its own, a blob, which lists one manifest for each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.canonical import Json, canonical
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor, Image
from twinbuild.model.tree import BytesContent, Content, Directory, Entry, File
from twinbuild.oci.image import INDEX, described, image_index, index_document

__all__ = ["LayoutFile", "blob_path", "image_layout", "layout_entries", "loadable_layout", "reference_name"]

REFERENCE: Final = "org.opencontainers.image.ref.name"
_CONTAINERD_NAME: Final = "io.containerd.image.name"  # what an engine's containerd store names a loaded image by
_LAYOUT: Final = canonical({"imageLayoutVersion": "1.0.0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutFile:
    """One file of a layout: its path below the layout's root, its bytes or the blob of the store that it copies."""

    path: str
    content: bytes | Digest
    size: int


def blob_path(digest: Digest) -> str:
    """Where a layout keeps a blob: ``blobs/sha256/<hex>``."""
    return f"blobs/sha256/{digest.hex}"


def reference_name(name: str, version: str, variant: str, *, variants: int) -> str:
    """The reference of a variant: the version alone names a release's only variant."""
    return f"{name}:{version}" if variants == 1 else f"{name}:{version}-{variant}"


def image_layout(name: str, version: str, images: Sequence[Image]) -> tuple[LayoutFile, ...]:
    """The files of the layout of a release's images, sorted by path; a blob that images share is there once."""
    entries: list[Json] = []
    files = _blobs(images)
    for reference, group in _variants(name, version, images):
        annotations = ((_CONTAINERD_NAME, f"docker.io/library/{reference}"), (REFERENCE, reference))
        if len(group) == 1:
            entries.append(described(group[0].manifest, platform=group[0].platform, annotations=annotations))
            continue
        index = image_index(group)
        descriptor = Descriptor(media_type=INDEX, digest=Digest.of(index), size=len(index))
        files[descriptor.digest] = LayoutFile(path=blob_path(descriptor.digest), content=index, size=len(index))
        entries.append(described(descriptor, annotations=annotations))
    documents = (_document("oci-layout", _LAYOUT), _document("index.json", index_document(entries)))
    return tuple(sorted((*files.values(), *documents), key=lambda file: file.path))


def loadable_layout(name: str, version: str, images: Sequence[Image]) -> tuple[LayoutFile, ...]:
    """The layout with a ``manifest.json`` beside it, which ``docker load`` reads where the engine's store is not OCI's.

    That store has no indexes: of a variant with several platforms each image gets a tag of its own, ``…-ARCHITECTURE``.
    """
    listed: list[Json] = []
    for reference, group in _variants(name, version, images):
        for image in group:
            tag = reference if len(group) == 1 else f"{reference}-{image.platform.architecture}"
            listed.append(
                {
                    "Config": blob_path(image.config.digest),
                    "Layers": [blob_path(layer.blob.digest) for layer in image.layers],
                    "RepoTags": [tag],
                }
            )
    files = (*image_layout(name, version, images), _document("manifest.json", canonical(listed)))
    return tuple(sorted(files, key=lambda file: file.path))


def layout_entries(files: Sequence[LayoutFile], blob: Callable[[Digest], Content]) -> tuple[Entry, ...]:
    """The files as entries for ``write_archive``; ``blob`` gives the content of a blob of the store."""
    directories = {file.path[:at] for file in files for at, character in enumerate(file.path) if character == "/"}
    entries: list[Entry] = [Directory(path=path) for path in directories]
    for file in files:
        content = BytesContent(file.content) if isinstance(file.content, bytes) else blob(file.content)
        entries.append(File(path=file.path, content=content))
    return tuple(sorted(entries, key=lambda entry: entry.path))


def _variants(name: str, version: str, images: Sequence[Image]) -> list[tuple[str, list[Image]]]:
    groups: dict[str, list[Image]] = {}
    for image in sorted(images, key=lambda image: (image.variant, image.platform)):
        groups.setdefault(image.variant, []).append(image)
    return [(reference_name(name, version, variant, variants=len(groups)), group) for variant, group in groups.items()]


def _blobs(images: Sequence[Image]) -> dict[Digest, LayoutFile]:
    found: dict[Digest, LayoutFile] = {}
    for image in images:
        for descriptor in (image.manifest, image.config, *(layer.blob for layer in image.layers)):
            path = blob_path(descriptor.digest)
            found[descriptor.digest] = LayoutFile(path=path, content=descriptor.digest, size=descriptor.size)
    return found


def _document(path: str, content: bytes) -> LayoutFile:
    return LayoutFile(path=path, content=content, size=len(content))
