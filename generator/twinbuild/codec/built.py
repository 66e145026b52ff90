"""Built layers and images as records of the store, and back."""

from __future__ import annotations

import json

from twinbuild.codec.canonical import canonical
from twinbuild.errors import TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.image import BuiltLayer, Descriptor, Image
from twinbuild.model.platform import Platform

__all__ = ["decode_image", "decode_layer", "encode_image", "encode_layer"]


def encode_layer(layer: BuiltLayer) -> bytes:
    """A layer as canonical JSON."""
    return canonical(layer)


def decode_layer(content: bytes) -> BuiltLayer | None:
    """The layer of a record, or None if the record is not one (written by another version, say)."""
    try:
        return _layer(json.loads(content))
    except (ValueError, KeyError, TypeError, TwinbuildError):
        return None


def encode_image(image: Image) -> bytes:
    """An image as canonical JSON."""
    return canonical(image)


def decode_image(content: bytes) -> Image | None:
    """The image of a record, or None if the record is not one."""
    try:
        document = json.loads(content)
        return Image(
            derivation=Digest.parse(document["derivation"]),
            variant=document["variant"],
            platform=Platform.parse(document["platform"]),
            manifest=_descriptor(document["manifest"]),
            config=_descriptor(document["config"]),
            layers=tuple(_layer(layer) for layer in document["layers"]),
        )
    except (ValueError, KeyError, TypeError, TwinbuildError):
        return None


def _layer(document: dict[str, object]) -> BuiltLayer:
    blob, size = document["blob"], document["uncompressed_size"]
    if not isinstance(blob, dict) or not isinstance(size, int):
        raise TypeError
    return BuiltLayer(
        derivation=Digest.parse(str(document["derivation"])),
        title=str(document["title"]),
        diff_id=Digest.parse(str(document["diff_id"])),
        uncompressed_size=size,
        blob=_descriptor(blob),
    )


def _descriptor(document: dict[str, object]) -> Descriptor:
    size = document["size"]
    if not isinstance(size, int):
        raise TypeError
    return Descriptor(media_type=str(document["media_type"]), digest=Digest.parse(str(document["digest"])), size=size)
