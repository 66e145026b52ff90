"""Compare: two images, each in a release or in an OCI image layout, as trees of files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.errors import IntegrityError, LockError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.lock import LockedLayer
from twinbuild.model.platform import SUPPORTED, Platform
from twinbuild.oci.document import Node, parse
from twinbuild.oci.foreign import INDEXES, base_layer, choose_platform, parse_manifest
from twinbuild.pipeline.machine import Machine
from twinbuild.resolve.base_layout import LayoutSource
from twinbuild.verify.trees import ImageTree, TreeDifference, differences, read_tree

__all__ = ["compare_images"]

_RELEASED: Final = "image"  # a release's layout, below its directory


def compare_images(first: str, second: str, machine: Machine, *, platform: str = "") -> tuple[TreeDifference, ...]:
    """Every difference of two images; each is ``DIRECTORY`` or ``DIRECTORY@sha256:…``, of a release or of a layout.

    ``platform`` chooses from an index, "" is this machine's. Raises UsageError TB8042 for a place without an image,
    IntegrityError for what is not what its digests say.
    """
    wanted = Platform.parse(platform) if platform else None
    one, other = (_read(place, machine, wanted) for place in (first, second))
    return tuple(differences(one, other))


def _here() -> Platform:
    """The platform of this machine, or the first one that there is."""
    machine = os.uname().machine
    known = [Platform.parse(name) for name in SUPPORTED]
    return next((platform for platform in known if platform.machine == machine), known[0])


def _read(place: str, machine: Machine, platform: Platform | None) -> ImageTree:
    name, _, digest = place.partition("@")
    directory = Path(name)
    for candidate in (directory, directory / _RELEASED):
        if (candidate / "index.json").is_file():
            source = LayoutSource(directory=candidate)
            break
    else:
        raise _no_image(f"{name} is neither a release nor an OCI image layout")
    media_type, content = source.manifest(digest)
    if media_type in INDEXES:
        try:
            chosen = choose_platform(content, platform or _here(), place)
        except LockError as error:  # words about a spec's base
            raise _no_image(f"{name} has no single image for {platform or _here()}") from error
        media_type, content = source.manifest(str(chosen.digest))
    manifest = parse_manifest(content, media_type, place)
    for blob in (manifest.config, *manifest.layers):
        source.fetch(blob, machine.store, machine.progress)  # also what is stored: the directory's bytes are compared
        if machine.store.size(blob.digest) != blob.size:
            raise IntegrityError.of(
                "TB4332",
                f"the blob has {counted(machine.store.size(blob.digest), 'byte')}, but its descriptor says {blob.size}",
                hint="do not use the image; report it to whoever made it",
                where=str(blob.digest),
            )
    config = parse(machine.store.read(manifest.config.digest), f"{place}, configuration")
    found = f"{config.text('os', '')}/{config.text('architecture', '')}"
    if platform is not None and found != f"{platform.os}/{platform.architecture}":
        raise _no_image(f"{name} has an image for {found}, expected {platform}")
    texts = config.child("rootfs").texts("diff_ids")
    if len(texts) != len(manifest.layers):
        wanted = counted(len(manifest.layers), "layer")
        config.refuse("TB4336", f"{counted(len(texts), 'diff_id')} for {wanted}", "rootfs")
    named = Node({str(number): text for number, text in enumerate(texts)}, place, "/rootfs/diff_ids")
    layers = tuple(base_layer(_locked(blob, named.digest(str(number)))) for number, blob in enumerate(manifest.layers))
    return read_tree(config.fields, layers, machine.store.open)


def _no_image(message: str) -> UsageError:
    return UsageError.of(
        "TB8042",
        message,
        hint="name a directory of `twinbuild release`, or one that `build --output` or `skopeo copy … oci:` wrote",
    )


def _locked(blob: Descriptor, diff_id: Digest) -> LockedLayer:
    return LockedLayer(
        media_type=blob.media_type, digest=blob.digest, size=blob.size, diff_id=diff_id, uncompressed_size=0
    )
