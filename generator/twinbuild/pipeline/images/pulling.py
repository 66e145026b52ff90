"""Pull: an image or index out of a registry into the store, where it is kept under its name; and out as a layout."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twinbuild.codec.canonical import canonical
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.platform import Platform
from twinbuild.model.reference import ImageReference, PinnedReference
from twinbuild.net.registry.closure import close_over
from twinbuild.net.registry.document import INDEXES, FetchedManifest, parts_of
from twinbuild.oci.image import described, index_document
from twinbuild.oci.layout import LAYOUT, REFERENCE, LayoutFile, blob_path
from twinbuild.pipeline.images.export import export_layout
from twinbuild.pipeline.images.registries import open_registry
from twinbuild.pipeline.images.transfer import Meter, move, remember_repository
from twinbuild.pipeline.machine import Machine
from twinbuild.ports import Store

__all__ = ["PULLED", "Pulled", "pull", "pulled_root", "write_layout"]

PULLED: Final = "image"  # kind of the record and prefix of the root of an image that was pulled
_CONTAINERD_NAME: Final = "io.containerd.image.name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What a pull brought. ``reference`` is what was asked for with the digest that it had."""

    reference: PinnedReference
    top: Descriptor  # what is in the store: the reference's own manifest, or the one that was chosen from its index
    images: int
    size: int  # bytes of all blobs
    fetched: int  # bytes of those that were not in the store
    contents: tuple[Digest, ...]  # manifests and blobs below ``top``


def pull(reference: ImageReference, machine: Machine, *, platforms: Collection[Platform] | None) -> Pulled:
    """Bring an image into the store and keep it; of an index the images for ``platforms`` (None: all).

    Raises what ``RegistryClient`` and ``close_over`` raise; what arrived whole stays stored, and is not fetched again.
    """
    store = machine.store
    with open_registry(machine) as client:
        first = client.manifest(reference)
        pinned = reference.pinned(first.digest)

        def read(descriptor: Descriptor) -> FetchedManifest:
            return client.manifest(pinned.member(descriptor.digest))

        closure = close_over(first, read, platforms=platforms)
        meter = Meter(machine.progress, f"pulling {reference}", sum(blob.size for blob in closure.blobs))

        def one(blob: Descriptor) -> int:
            fetched = client.fetch_blob(pinned, blob, store, meter.part(blob.digest))
            meter.at(blob.digest, blob.size)
            return blob.size if fetched else 0

        fetched = move(closure.blobs, one, connections=machine.settings.connections, stop=client.http.stop)
    documents = {manifest.digest: manifest for manifest in (first, *closure.manifests)}
    for manifest in documents.values():
        store.put(manifest.content)
    name = str(reference)
    key, root = pulled_root(name)
    content = canonical({
        "digest": str(first.digest), "mediaType": closure.top.media_type, "reference": name,
        "top": str(closure.top.digest),
    })  # fmt: skip
    store.put_record(PULLED, key, content)
    kept = set(documents) | {blob.digest for blob in closure.blobs}
    store.keep(root, sorted(kept))
    remember_repository(store, reference, closure.blobs)
    return Pulled(
        reference=pinned,
        top=closure.top.descriptor,
        images=sum(not manifest.is_index for manifest in closure.manifests),
        size=sum(blob.size for blob in closure.blobs),
        fetched=sum(fetched),
        contents=(*(each.digest for each in closure.manifests), *(each.digest for each in closure.blobs)),
    )


def pulled_root(name: str) -> tuple[Digest, str]:
    """The key of the record and the name of the root of a pulled image."""
    key = Digest.of(name.encode())
    return key, f"{PULLED}-{key.hex}"


def write_layout(pulled: Pulled, store: Store, output: Path) -> None:
    """Write what was pulled as an OCI layout: a tar where the name ends in ``.tar``, else a directory.

    The tar of one image with a tag is one that ``docker load`` takes, too. Raises UsageError TB8020 where something
    else lies there.
    """
    reference = pulled.reference
    name = f"{reference.registry}/{reference.repository}:{reference.tag}"
    annotations = ((_CONTAINERD_NAME, name), (REFERENCE, reference.tag)) if reference.tag else ()
    documents = {"oci-layout": LAYOUT, "index.json": index_document([described(pulled.top, annotations=annotations)])}
    if output.suffix == ".tar":
        documents |= _loadable(pulled, store, name)
    files = [LayoutFile(path=path, content=content, size=len(content)) for path, content in documents.items()]
    files += [LayoutFile(path=blob_path(each), content=each, size=store.size(each)) for each in pulled.contents]
    export_layout(tuple(files), store, output)


def _loadable(pulled: Pulled, store: Store, name: str) -> dict[str, bytes]:
    """The ``manifest.json`` of engines whose store is not OCI's; they know one image by one tag."""
    if pulled.top.media_type in INDEXES or not pulled.reference.tag:
        return {}
    content = store.read(pulled.top.digest)
    top = FetchedManifest(content=content, media_type=pulled.top.media_type, digest=pulled.top.digest)
    parts = parts_of(top)
    layers = [blob_path(layer.digest) for layer in parts.layers]
    return {
        "manifest.json": canonical([{"Config": blob_path(parts.config.digest), "Layers": layers, "RepoTags": [name]}])
    }
