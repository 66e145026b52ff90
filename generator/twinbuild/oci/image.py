"""The documents of an image (OCI image-spec: config.md, manifest.md, image-index.md) as exact bytes: canonical JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from twinbuild.codec.canonical import Json, canonical
from twinbuild.model.digest import Digest
from twinbuild.model.image import BaseHistory, BuiltLayer, Descriptor, Image, ImageIndex
from twinbuild.model.plan import Derivation, ImageConfig
from twinbuild.model.platform import Platform

__all__ = [
    "CONFIG",
    "INDEX",
    "MANIFEST",
    "created",
    "described",
    "image_config",
    "image_index",
    "image_indexes",
    "image_manifest",
]

CONFIG: Final = "application/vnd.oci.image.config.v1+json"
MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
INDEX: Final = "application/vnd.oci.image.index.v1+json"


def created(source_date_epoch: int) -> str:
    """The one time of an image as RFC 3339 in UTC: ``2026-11-01T00:00:00Z``."""
    return datetime.fromtimestamp(source_date_epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def image_config(derivation: Derivation, layers: Sequence[BuiltLayer]) -> bytes:
    """The image configuration. History has one entry for each layer, with its title; all times are the one.

    Entries of a base's history stay before ours, with the times that they have. ``layers`` are the base's and ours.
    """
    base = derivation.base
    below = len(base.layers) if base is not None else 0
    assert len(layers) == below + len(derivation.layers), "an image has the layers of its derivation"
    time = created(derivation.source_date_epoch)
    history = [_entry(entry) for entry in (base.history if base is not None else ())]
    return canonical(
        {
            "architecture": derivation.platform.architecture,
            "config": _runtime(derivation.config),
            "created": time,
            "history": [
                *history,
                *({"created": time, "created_by": f"twinbuild: {layer.title}"} for layer in layers[below:]),
            ],
            **({"author": base.author} if base is not None and base.author else {}),
            "os": derivation.platform.os,
            "rootfs": {"diff_ids": [str(layer.diff_id) for layer in layers], "type": "layers"},
        }
    )


def image_manifest(
    config: bytes, layers: Sequence[BuiltLayer], *, annotations: Sequence[tuple[str, str]] = ()
) -> bytes:
    """The image manifest over a configuration's exact bytes and the layers, lowest first."""
    document: dict[str, Json] = {
        "config": described(Descriptor(media_type=CONFIG, digest=Digest.of(config), size=len(config))),
        "layers": [described(layer.blob) for layer in layers],
        "mediaType": MANIFEST,
        "schemaVersion": 2,
    }
    if annotations:
        document["annotations"] = dict(annotations)
    return canonical(document)


def image_index(images: Sequence[Image]) -> bytes:
    """The index of one variant's images, one for each platform, in the order of the platforms' names."""
    ordered = sorted(images, key=lambda image: image.platform)
    assert len({image.platform for image in ordered}) == len(ordered), "one image for each platform"
    return index_document([described(image.manifest, platform=image.platform) for image in ordered])


def image_indexes(images: Sequence[Image]) -> tuple[ImageIndex, ...]:
    """The index of each variant that has several platforms, sorted by variant; a variant with one needs none."""
    indexes = []
    for variant in sorted({image.variant for image in images}):
        group = [image for image in images if image.variant == variant]
        if len(group) > 1:
            content = image_index(group)
            descriptor = Descriptor(media_type=INDEX, digest=Digest.of(content), size=len(content))
            platforms = tuple(sorted(image.platform for image in group))
            indexes.append(ImageIndex(variant=variant, platforms=platforms, descriptor=descriptor, content=content))
    return tuple(indexes)


def index_document(manifests: Sequence[Json]) -> bytes:
    """An index over descriptors that are already JSON."""
    return canonical({"manifests": list(manifests), "mediaType": INDEX, "schemaVersion": 2})


def described(
    descriptor: Descriptor, *, platform: Platform | None = None, annotations: Sequence[tuple[str, str]] = ()
) -> dict[str, Json]:
    """A descriptor as JSON (descriptor.md)."""
    document: dict[str, Json] = {
        "digest": str(descriptor.digest),
        "mediaType": descriptor.media_type,
        "size": descriptor.size,
    }
    if platform is not None:
        document["platform"] = {"architecture": platform.architecture, "os": platform.os}
    if annotations:
        document["annotations"] = dict(annotations)
    return document


def _runtime(config: ImageConfig) -> dict[str, Json]:
    """The ``config`` object; what is empty is left out, as an engine reads both the same."""
    document: dict[str, Json] = {
        "Cmd": list(config.command),
        "Entrypoint": list(config.entrypoint),
        "Env": [f"{name}={value}" for name, value in config.environment],
        "ExposedPorts": {port: {} for port in config.exposed_ports},
        "Labels": dict(config.labels),
        "StopSignal": config.stop_signal,
        "User": config.user,
        "WorkingDir": config.working_directory,
    }
    document |= {name: json.loads(value) for name, value in config.inherited}
    return {key: value for key, value in document.items() if value}


def _entry(entry: BaseHistory) -> dict[str, Json]:
    """A history entry of a base as JSON; what is empty is left out, as writers do."""
    document: dict[str, Json] = {
        "author": entry.author,
        "comment": entry.comment,
        "created": entry.created,
        "created_by": entry.created_by,
        "empty_layer": entry.empty_layer,
    }
    return {key: value for key, value in document.items() if value}
