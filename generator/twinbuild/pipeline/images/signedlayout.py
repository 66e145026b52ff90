"""A layout with its signatures in it, as ``cosign save`` writes one: ``cosign verify --local-image`` reads it offline.

cosign knows one image in a layout, by the annotation ``kind``: of a release with several variants each has its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.net.registry.closure import close_over
from twinbuild.oci.cosign import Attachment, joined
from twinbuild.oci.image import MANIFEST, described, index_document
from twinbuild.oci.layout import LAYOUT, REFERENCE, blob_path
from twinbuild.pipeline.images.attaching import Attachments, attachments_of
from twinbuild.pipeline.output import Output, copy_stream, replace_directory
from twinbuild.pipeline.reading.attested import directory_of
from twinbuild.pipeline.reading.layouts import LayoutBlobs, NamedImage
from twinbuild.pipeline.reading.released import Released

__all__ = ["write_signed_layouts"]

_KIND: Final = "dev.cosignproject.cosign"


def write_signed_layouts(release: Released, target: Path) -> tuple[Path, ...]:
    """Write the images of a release with what was signed of them; ``target/VARIANT`` where there are several.

    Raises UsageError TB8020 where something else lies there, TB8001 for a place within the release, and what
    ``attachments_of`` raises.
    """
    directory = directory_of(release)
    if target.resolve().is_relative_to(directory.resolve()):
        raise UsageError.of(
            "TB8001",
            f"the layout {target} would lie within the release, which has no such files",
            hint="name a directory outside of it",
            where="--layout",
        )
    source = LayoutBlobs(directory / "image")
    images = source.images()
    signed = attachments_of(source.directory)
    several = len(images) > 1
    places = [target / source.variant(image.descriptor) if several else target for image in images]
    for image, place in zip(images, places, strict=True):
        _write(source, image, signed[image.descriptor.digest], place)
    return tuple(places)


def _write(source: LayoutBlobs, image: NamedImage, signed: Attachments, target: Path) -> None:
    closure = close_over(source.manifest(image.descriptor), source.manifest)
    kind = "imageIndex" if closure.top.is_index else "image"
    entries: list[Json] = [described(image.descriptor, annotations=((REFERENCE, image.tag), ("kind", _named(kind))))]
    documents: dict[Digest, bytes] = {each.digest: each.content for each in closure.manifests}
    attachments = {"sigs": signed.signatures, "atts": tuple(each for _, each in signed.statements)}
    for what, listed in attachments.items():
        if listed:
            entries.append(_attached(what, listed, documents))
    with replace_directory(target, Output.LAYOUT) as fresh:
        (fresh / "blobs" / "sha256").mkdir(parents=True)
        for blob in closure.blobs:
            with source.open(blob.digest) as stream, (fresh / blob_path(blob.digest)).open("xb") as sink:
                copy_stream(stream, sink)
        for digest, content in documents.items():
            (fresh / blob_path(digest)).write_bytes(content)
        (fresh / "index.json").write_bytes(index_document(entries))
        (fresh / "oci-layout").write_bytes(LAYOUT)


def _attached(what: str, listed: tuple[Attachment, ...], documents: dict[Digest, bytes]) -> Json:
    """The entry of a manifest of signatures or statements, whose blobs are added to ``documents``."""
    content, config = joined(None, listed)
    assert config is not None
    contents = (content, config, *(each.content for each in listed))
    documents |= {Digest.of(each): each for each in contents}
    descriptor = Descriptor(media_type=MANIFEST, digest=Digest.of(content), size=len(content))
    return described(descriptor, annotations=(("kind", _named(what)),))


def _named(kind: str) -> str:
    return f"{_KIND}/{kind}"
