"""Push: an OCI layout into a repository, blobs before the manifests that refer to them, nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.reference import ImageReference
from twinbuild.net.registry.closure import Closure, close_over
from twinbuild.net.registry.document import FetchedManifest
from twinbuild.net.registry.upload import Sent
from twinbuild.pipeline.images.attaching import attach, attachments_of
from twinbuild.pipeline.images.pushable import chosen_images
from twinbuild.pipeline.images.registries import open_registry
from twinbuild.pipeline.images.transfer import Meter, Moved, known_repositories, move, remember_repository
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.reading.layouts import NamedImage

__all__ = ["Moved", "Pushed", "PushedImage", "push"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedImage:
    """An image or index that the repository now has, under ``reference``."""

    reference: ImageReference
    digest: Digest
    platforms: int  # how many images an index has; 1 for an image


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What a push did."""

    images: tuple[PushedImage, ...]
    blobs: tuple[Moved, ...]
    manifests: tuple[Moved, ...]
    attached: tuple[Moved, ...] = ()  # signatures and statements, with their manifests

    def sent(self) -> int:
        """Bytes that went over the line."""
        return sum(moved.size for moved in (*self.blobs, *self.manifests, *self.attached) if moved.how is Sent.UPLOADED)


def push(
    where: Path,
    reference: ImageReference,
    machine: Machine,
    *,
    variants: tuple[str, ...] = (),
    mount_from: Sequence[str] = (),
    signatures: bool = True,
) -> Pushed:
    """Push the layout that ``where`` means. ``mount_from`` are repositories of the registry that may have blobs.

    ``variants`` are the only ones to push, () all. Of one image the reference's tag is the name (without a tag: the
    layout's own); of several, each gets that tag with its variant behind. A digest must be the image's own. Raises
    UsageError TB2420, TB3231, TB3232, TB3235, IntegrityError TB3234, and what ``RegistryClient`` and ``attach`` raise.

    With ``signatures`` what was signed of the images of a release is attached to them, before a tag names them.
    """
    source, images = chosen_images(where, variants)
    named = [(_target(reference, image, images), image.descriptor) for image in images]
    signed = attachments_of(source.directory, reference.name) if signatures else {}
    closures = [close_over(source.manifest(descriptor), source.manifest) for _, descriptor in named]
    blobs = tuple({blob.digest: blob for closure in closures for blob in closure.blobs}.values())
    meter = Meter(machine.progress, f"pushing to {reference.name}", sum(blob.size for blob in blobs))
    with open_registry(machine) as client:

        def one(blob: Descriptor) -> Moved:
            candidates = (*mount_from, *known_repositories(machine.store, reference, blob.digest))
            how = client.push_blob(reference, blob, source, meter.part(blob.digest), mount_from=candidates)
            meter.at(blob.digest, blob.size)
            return Moved(digest=blob.digest, size=blob.size, how=how)

        def put(target: ImageReference, manifest: FetchedManifest) -> Moved:
            how = client.put_manifest(target, manifest.content, manifest.media_type)
            return Moved(digest=manifest.digest, size=len(manifest.content), how=how)

        moved = move(blobs, one, connections=machine.settings.connections, stop=client.http.stop)
        manifests: dict[Digest, Moved] = {}
        for closure in closures:
            for manifest in closure.manifests if signed else closure.manifests[:-1]:
                manifests[manifest.digest] = put(reference.pinned(manifest.digest).unpinned(), manifest)
        described = {each.digest: each.descriptor for closure in closures for each in closure.manifests}
        attached = attach(client, reference, tuple(described.values()), signed)
        for (target, _), closure in zip(named, closures, strict=True):
            tagged = put(target, closure.top)
            before = manifests.get(closure.top.digest, tagged)
            manifests[closure.top.digest] = tagged if before.how is Sent.PRESENT else before
    remember_repository(machine.store, reference, blobs)
    return Pushed(
        images=tuple(
            PushedImage(reference=target, digest=closure.top.digest, platforms=_platforms(closure))
            for (target, _), closure in zip(named, closures, strict=True)
        ),
        blobs=tuple(moved),
        manifests=tuple(manifests.values()),
        attached=attached,
    )


def _platforms(closure: Closure) -> int:
    return sum(not manifest.is_index for manifest in closure.manifests)


def _target(reference: ImageReference, image: NamedImage, images: Sequence[NamedImage]) -> ImageReference:
    """Under which name an image of the layout is pushed."""
    if reference.digest is not None:
        if len(images) > 1 or image.descriptor.digest != reference.digest:
            has = ", ".join(str(each.descriptor.digest) for each in images[:5])
            raise _unfit(f"the reference has {reference.digest}, the layout has {has}", "leave the digest out")
        return reference.pinned(reference.digest).unpinned() if not reference.tag else reference.tagged(reference.tag)
    if len(images) == 1:
        tag = reference.tag or image.tag
        if not tag:
            raise _unfit("the layout's image has no tag, and neither has the reference", "write NAME:TAG")
        return reference.tagged(tag)
    tags = [each.tag for each in images]
    if len(set(tags)) != len(tags) or "" in tags:
        raise _unfit("the layout has several images that their tags do not tell apart", "push a layout of one image")
    same = next((at for at, pair in enumerate(zip(min(tags), max(tags), strict=False)) if len(set(pair)) > 1), 0)
    suffix = image.tag[image.tag.rfind("-", 0, same) + 1 :]
    return reference.tagged(f"{reference.tag}-{suffix}" if reference.tag else image.tag)


def _unfit(message: str, hint: str) -> UsageError:
    return UsageError.of("TB3232", message, hint=hint, where="REFERENCE")
