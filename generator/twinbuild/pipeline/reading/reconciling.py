"""The bill of materials of a release held against its images, as they lie beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from twinbuild.codec.amounts import counted
from twinbuild.codec.lock import decode_lock
from twinbuild.describe.sbomforms import is_same_bill
from twinbuild.errors import IntegrityError, Location
from twinbuild.model.bom import Bom, BomComponent
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.lock import Target
from twinbuild.model.plan import BaseLayer
from twinbuild.model.platform import Platform
from twinbuild.net.registry.document import parts_of
from twinbuild.oci.document import parse
from twinbuild.oci.image import MANIFEST
from twinbuild.oci.layout import blob_path
from twinbuild.pipeline.reading.attested import directory_of
from twinbuild.pipeline.reading.boms import ReadBom
from twinbuild.pipeline.reading.layouts import LayoutBlobs
from twinbuild.pipeline.reading.validating import check_release
from twinbuild.verify.belonging import ImageOrigin, Reconciliation, components_of, reconcile
from twinbuild.verify.generated import STEP
from twinbuild.verify.installed import read_image_files
from twinbuild.verify.pinned import unlike_lock

__all__ = ["reconcile_release"]

_IMAGE: Final = "image"
_LOCK: Final = "release.lock"
_PLAIN, _MARKED = "sbom.cdx.json", "sbom.cdx.xml"
_MODEL: Final = "machine-learning-model"


def reconcile_release(found: ReadBom) -> Iterator[Reconciliation]:
    """Each image of the release, in the manifest's order, after all files were held against the release manifest.

    A document alone has none. Raises UsageError TB7003 for a directory without release.digest, IntegrityError as
    ``check_release``, TB8706 where the bill is about other images or another release, or its XML says something else,
    what ``read_stack`` raises; LockError as ``decode_lock``.
    """
    release = found.release
    if release is None:
        return
    directory = directory_of(release)
    check_release(release)
    document: dict[str, Any] = release.document
    entries: list[dict[str, Any]] = document["environment"]["images"]
    images = {each["digest"]: _component(found, each["digest"]) for each in entries}
    _refuse_others(found, set(images))
    _refuse_other_names(found, document)
    _refuse_other_form(found, directory)
    source = document["source"]
    application = {f"{source['target']}/{each['path']}": each["sha256"] for each in source.get("files", ())}
    lock = decode_lock((directory / _LOCK).read_bytes(), name=str(directory / _LOCK))
    blobs = LayoutBlobs(directory / _IMAGE)
    loose = _of_no_image(found, tuple(images.values()))
    for entry in entries:
        digest = Digest.parse(entry["digest"])
        layers = _layers(blobs, digest)
        name, platform = f"{entry['variant']} {entry['platform']}", Platform.parse(entry["platform"])
        target = lock.target(entry["variant"], platform)
        if target is None:
            raise _foreign(found, f"its lock has no target {name}")
        titles = _titles(entry, target)
        origin = ImageOrigin(
            name=name,
            digest=str(digest),
            layers=tuple((str(layer.digest), titles.get(str(layer.digest), "")) for layer in layers),
            application=application,
            platform=platform,
        )
        image = images[entry["digest"]]
        held = reconcile(found.bom, image, read_image_files(layers, blobs.open), origin)
        yield replace(
            held,
            unpinned=tuple(unlike_lock(components_of(found.bom, image), lock, target, edges=found.bom.edges)),
            empty=(*held.empty, *loose),
            packages=held.packages + len(loose),
        )
        loose = ()  # told once


def _titles(entry: dict[str, Any], target: Target) -> dict[str, str]:
    """The title of each layer by its digest; none where it says that it is of a step, and the lock has no such step."""
    steps = {f"{STEP}{step.name}" for step in target.steps}
    titles = {layer["digest"]: str(layer["title"]) for layer in entry["layers"]}
    return {each: title for each, title in titles.items() if not title.startswith(STEP) or title in steps}


def _component(found: ReadBom, digest: str) -> BomComponent:
    """The component that is an image, by the digest of its manifest."""
    for each in _containers(found.bom):
        if f"sha256:{dict(each.hashes).get('SHA-256')}" == digest:
            return each
    raise _foreign(found, f"it has no component for the image {digest}")


def _containers(bom: Bom) -> Iterator[BomComponent]:
    """The images that the document's root consists of."""
    direct = set(bom.edges.get(bom.root.reference, ())) if bom.root is not None else set()
    yield from (each for each in bom.components if each.type == "container" and each.reference in direct)


def _of_no_image(found: ReadBom, images: tuple[BomComponent, ...]) -> tuple[str, ...]:
    """The titles of components that no image leads to: nothing of them is anywhere."""
    reached = {each.reference for image in images for each in (image, *components_of(found.bom, image))}
    return tuple(each.title for each in found.bom.components if each.reference not in reached)


def _refuse_others(found: ReadBom, digests: set[str]) -> None:
    for each in _containers(found.bom):
        if f"sha256:{dict(each.hashes).get('SHA-256')}" not in digests:
            raise _foreign(found, f"it has the image {each.title}, which the release has not")


def _refuse_other_names(found: ReadBom, document: dict[str, Any]) -> None:
    """What it is about, and the model, are those of the release."""
    name, version = document["metadata"]["name"], document["metadata"]["version"]
    known = {("", name, version), (_MODEL, f"{name}-model", document["model"]["version"])}
    root = found.bom.root
    stated = {("", root.name, root.version)} if root is not None else set()
    stated |= {(_MODEL, each.name, each.version) for each in found.bom.components if each.type == _MODEL}
    for _, *said in sorted(stated - known):
        raise _foreign(found, f"it is about {' '.join(said)}, and the release is {name} {version}")


def _refuse_other_form(found: ReadBom, directory: Path) -> None:
    plain, marked = (directory / name for name in (_PLAIN, _MARKED))
    if not is_same_bill(plain.read_bytes(), marked.read_bytes()):
        raise _foreign(found, f"{_MARKED} beside it says something else")


def _foreign(found: ReadBom, message: str) -> IntegrityError:
    return IntegrityError.of(
        "TB8706",
        f"{found.path} is not of this release: {message}",
        hint="take the directory from where it was released again",
        where=Location(file=str(found.path)),
    )


def _layers(blobs: LayoutBlobs, digest: Digest) -> tuple[BaseLayer, ...]:
    """An image's layers with the diff_ids of its configuration, which the reader holds their bytes against."""
    with blobs.open(digest) as stream:
        size = stream.seek(0, 2)
    parts = parts_of(blobs.manifest(Descriptor(media_type=MANIFEST, digest=digest, size=size)))
    with blobs.open(parts.config.digest) as stream:
        config = parse(stream.read(parts.config.size), blob_path(parts.config.digest))
    texts = config.child("rootfs").texts("diff_ids")
    if len(texts) != len(parts.layers):
        config.refuse("TB4336", f"{counted(len(texts), 'diff_id')} for {counted(len(parts.layers), 'layer')}", "rootfs")
    return tuple(
        BaseLayer(
            media_type=layer.media_type,
            digest=layer.digest,
            size=layer.size,
            diff_id=Digest.parse(text),
            uncompressed_size=0,
        )
        for layer, text in zip(parts.layers, texts, strict=True)
    )
