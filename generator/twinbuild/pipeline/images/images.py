"""Images that the store knows: pulled, built and released ones; and what is in one, for people and programs."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from twinbuild.errors import TwinbuildError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.reference import ImageReference
from twinbuild.net.registry.document import MEDIA_TYPES, FetchedManifest, entries_of, kind_of, parts_of
from twinbuild.oci.document import LARGEST_DOCUMENT, Node, parse
from twinbuild.pipeline.images.pulling import PULLED, pulled_root
from twinbuild.pipeline.reading.layouts import VARIANT
from twinbuild.store.disk import DiskStore

__all__ = ["ImageDetails", "KnownImage", "LayerDetails", "find_image", "forget_image", "image_details", "known_images"]

_KINDS: Final = ("build", "release", PULLED)
_SHORTEST: Final = 6  # digits of a digest that may stand for all


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownImage:
    """An image or index in the store. ``kind`` is pulled, build or release; ``origin`` what it is kept for."""

    name: str  # NAME:TAG of a pulled one, else title and version that its labels give it
    kind: str
    origin: str
    gone: bool  # what it was kept for is no longer there: the next collection frees it
    variant: str  # of those that twinbuild made; "" for others
    manifest: Descriptor
    platform: str  # "" for an index
    size: int  # of configuration and layers in bytes; of an index of those of its images that are here


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDetails:
    """A layer and what made it; ``diff_id`` is "" where the configuration does not say."""

    descriptor: Descriptor
    diff_id: str
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDetails:
    """An image's configuration as its document says, and its layers, lowest first."""

    image: KnownImage
    config: Descriptor
    config_document: bytes
    created: str
    user: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    environment: tuple[str, ...]
    working_directory: str
    labels: tuple[tuple[str, str], ...]
    layers: tuple[LayerDetails, ...]


def known_images(store: DiskStore) -> tuple[KnownImage, ...]:
    """All images that something keeps, by kind and name. Raises IntegrityError TB3113."""
    origins, orphaned = store.roots.origins(), store.roots.orphaned()
    found: dict[tuple[str, Digest], KnownImage] = {}
    for root, digests in store.roots.all().items():
        kind, _, key = root.partition("-")
        if kind not in _KINDS:
            continue
        pulled = _pulled(store, key) if kind == PULLED else None
        origin = str(origins.get(root, "")) if pulled is None else pulled[0]
        for manifest in _manifests(store, digests):
            if pulled is not None and manifest.digest != pulled[1]:
                continue
            image = _known(
                store, manifest, kind="pulled" if pulled else kind, origin=origin, name=pulled[0] if pulled else ""
            )
            found[root, manifest.digest] = replace(image, gone=root in orphaned)
    return tuple(
        sorted(found.values(), key=lambda image: (image.kind, image.name, image.variant, image.platform, image.origin))
    )


def find_image(store: DiskStore, text: str) -> KnownImage:
    """The image of a name, a digest or the beginning of one. Raises UsageError TB3233 for none and for several."""
    images = known_images(store)
    hexadecimal = text.removeprefix("sha256:")
    names = {text}
    with contextlib.suppress(UsageError):
        names.add(str(ImageReference.parse(text)))
    matching = [
        image
        for image in images
        if image.name in names
        or (len(hexadecimal) >= _SHORTEST and image.manifest.digest.hex.startswith(hexadecimal))
        or f"@{image.manifest.digest}" in text
    ]
    distinct = {image.manifest.digest: image for image in matching}
    if len(distinct) == 1:
        return matching[0]
    listed = ", ".join(f"{image.name or image.origin} {image.manifest.digest.hex[:12]}" for image in distinct.values())
    raise UsageError.of(
        "TB3233",
        f"{len(distinct)} images are meant by {text[:200]!r}: {listed[:500]}"
        if distinct
        else f"the store has no image {text[:200]!r}",
        hint="name it by more of its digest; `twinbuild image ls` lists all"
        if distinct
        else "`twinbuild image ls` lists all; `twinbuild pull` brings one",
        where="IMAGE",
    )


def forget_image(store: DiskStore, text: str) -> KnownImage:
    """No longer keep an image that was pulled. Raises UsageError TB3233, also for one that a spec or release keeps."""
    image = find_image(store, text)
    if image.kind != "pulled":
        raise UsageError.of(
            "TB3233",
            f"{image.name or text[:200]} is kept for {image.origin}, and was not pulled",
            hint="`twinbuild store gc` frees it: what it was kept for is gone"
            if image.gone
            else "delete that release or spec, then `twinbuild store gc`",
            where="IMAGE",
        )
    store.roots.remove(pulled_root(image.name)[1])
    return image


def image_details(store: DiskStore, image: KnownImage) -> tuple[ImageDetails, ...]:
    """What is in an image, or in each image of an index that is here. Raises IntegrityError for damaged documents."""
    manifest = _read(store, image.manifest)
    if not manifest.is_index:
        return (_details(store, image, manifest),)
    inner = [
        _read(store, entry.descriptor) for entry in entries_of(manifest)
        if entry.descriptor.media_type in MEDIA_TYPES and store.has(entry.descriptor.digest)
    ]  # fmt: skip
    return tuple(
        details
        for each in inner
        for details in image_details(store, _known(store, each, kind=image.kind, origin=image.origin, name=image.name))
    )


def _details(store: DiskStore, image: KnownImage, manifest: FetchedManifest) -> ImageDetails:
    parts = parts_of(manifest)
    content = store.read(parts.config.digest, limit=LARGEST_DOCUMENT)
    document = parse(content, str(parts.config.digest))
    runtime = document.optional("config") or Node({}, document.subject, "/config")
    rootfs = document.optional("rootfs")
    diff_ids = rootfs.texts("diff_ids") if rootfs is not None else ()
    made = [entry.text("created_by", "") for entry in _history(document) if entry.fields.get("empty_layer") is not True]
    return ImageDetails(
        image=image,
        config=parts.config,
        config_document=content,
        created=document.text("created", ""),
        user=runtime.text("User", ""),
        entrypoint=runtime.texts("Entrypoint"),
        command=runtime.texts("Cmd"),
        environment=runtime.texts("Env"),
        working_directory=runtime.text("WorkingDir", ""),
        labels=tuple(sorted(runtime.mapping("Labels").items())),
        layers=tuple(
            LayerDetails(
                descriptor=layer,
                diff_id=diff_ids[number] if number < len(diff_ids) else "",
                created_by=made[number] if number < len(made) else "",
            )
            for number, layer in enumerate(parts.layers)
        ),
    )


def _history(document: Node) -> tuple[Node, ...]:
    return document.children("history", 10_000) if document.fields.get("history") is not None else ()


def _pulled(store: DiskStore, key: str) -> tuple[str, Digest] | None:
    """The name of a pulled image and the digest of what was pulled of it."""
    try:
        document = json.loads(store.record(PULLED, Digest(key)) or b"{}")
        return str(document["reference"]), Digest.parse(document["top"])
    except (ValueError, KeyError, TypeError, RecursionError, TwinbuildError):
        return None


def _manifests(store: DiskStore, digests: tuple[Digest, ...]) -> Iterator[FetchedManifest]:
    """Which of these blobs are manifests or indexes."""
    for digest in digests:
        if not store.has(digest) or store.size(digest) > LARGEST_DOCUMENT:
            continue
        with store.open(digest) as stream:
            if stream.read(1) != b"{":
                continue
        content = store.read(digest)
        if b"schemaVersion" not in content:
            continue
        try:
            media_type = kind_of(content, "", where=str(digest))
        except TwinbuildError:
            continue
        yield FetchedManifest(content=content, media_type=media_type, digest=digest)


def _read(store: DiskStore, descriptor: Descriptor) -> FetchedManifest:
    content = store.read(descriptor.digest, limit=LARGEST_DOCUMENT)
    media_type = kind_of(content, descriptor.media_type, where=str(descriptor.digest))
    return FetchedManifest(content=content, media_type=media_type, digest=descriptor.digest)


def _known(store: DiskStore, manifest: FetchedManifest, *, kind: str, origin: str, name: str) -> KnownImage:
    platform, size, variant = "", 0, ""
    if manifest.is_index:
        here = [entry.descriptor for entry in entries_of(manifest) if store.has(entry.descriptor.digest)]
        size = sum(_size(_read(store, descriptor)) for descriptor in here if descriptor.media_type in MEDIA_TYPES)
    else:
        size = _size(manifest)
        parts = parts_of(manifest)
        if store.has(parts.config.digest):
            document = parse(store.read(parts.config.digest, limit=LARGEST_DOCUMENT), str(parts.config.digest))
            platform = "/".join(part for key in ("os", "architecture", "variant") if (part := document.text(key, "")))
            runtime = document.optional("config")
            labels = runtime.mapping("Labels") if runtime is not None else {}
            title = labels.get("org.opencontainers.image.title", "")
            version = labels.get("org.opencontainers.image.version", "")
            variant = labels.get(VARIANT, "")
            name = name or (f"{title}:{version}" if title and version else title)
    return KnownImage(
        name=name,
        kind=kind,
        origin=origin,
        gone=False,
        variant=variant,
        manifest=manifest.descriptor,
        platform=platform,
        size=size,
    )


def _size(manifest: FetchedManifest) -> int:
    if manifest.is_index:
        return 0
    parts = parts_of(manifest)
    return sum({blob.digest: blob.size for blob in (parts.config, *parts.layers)}.values())
