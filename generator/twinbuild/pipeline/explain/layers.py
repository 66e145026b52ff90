"""The images of a layout with the steps that made their layers, and the bytes of each."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from twinbuild.codec.canonical import Json
from twinbuild.deploy.parity.difference import object_at, text_of
from twinbuild.deploy.parity.manifests import entries_of as objects_of
from twinbuild.errors import TwinbuildError, UsageError
from twinbuild.model.image import Descriptor
from twinbuild.net.registry.document import FetchedManifest, entries_of, parts_of
from twinbuild.oci.decompress import decompress
from twinbuild.oci.document import Node, parse
from twinbuild.oci.stack import LAYER_KINDS
from twinbuild.pipeline.reading.layouts import VARIANT, LayoutBlobs
from twinbuild.pipeline.reading.released import read_release
from twinbuild.verify.mismatch.found import Stream

__all__ = ["ImageOf", "LayerOf", "images_of", "layout_in", "open_layer"]

_LARGEST_LAYER: Final = 64 << 30  # bytes of a layer's tar


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerOf:
    """A layer. ``number`` counts from 1, lowest first; ``step`` says what made it, ``derivation`` its digest or ""."""

    number: int
    blob: Descriptor
    diff_id: str
    title: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOf:
    """An image. ``name`` tells it from the others of its layout."""

    name: str
    manifest: bytes
    config: bytes
    layers: tuple[LayerOf, ...]


def layout_in(where: Path) -> Path | None:
    """The layout of a release's directory, or the layout that a directory is; None for other places."""
    for candidate in (where / "image", where):
        if (candidate / "index.json").is_file():
            return candidate
    return None


def images_of(blobs: LayoutBlobs) -> tuple[ImageOf, ...]:
    """Every image, of each platform. Raises IntegrityError for a layout that is damaged, UsageError TB3231 if empty."""
    steps = _derivations(blobs.directory.parent)
    found: list[ImageOf] = []
    for number, named in enumerate(blobs.images(), 1):
        name = named.tag or f"image {number}"
        pending = [(name, blobs.manifest(named.descriptor))]
        while pending:
            name, manifest = pending.pop(0)
            if not manifest.is_index:
                found.append(_image(name, manifest, blobs, steps))
                continue
            pending += [
                (f"{name} {entry.platform or position}", blobs.manifest(entry.descriptor))
                for position, entry in enumerate(entries_of(manifest), 1)
            ]
    return tuple(found)


def _image(name: str, manifest: FetchedManifest, blobs: LayoutBlobs, steps: dict[str, str]) -> ImageOf:
    parts = parts_of(manifest)
    with blobs.open(parts.config.digest) as stream:
        config = stream.read(parts.config.size + 1)
    document = parse(config, str(parts.config.digest))
    rootfs = document.optional("rootfs")
    diff_ids = rootfs.texts("diff_ids") if rootfs is not None else ()
    runtime = document.optional("config")
    variant = runtime.mapping("Labels").get(VARIANT, "") if runtime is not None else ""
    if variant:  # ours: tags have the version
        name = f"{variant} {document.text('os', '')}/{document.text('architecture', '')}"
    made = _history(document)
    layers = []
    for position, blob in enumerate(parts.layers):
        diff_id = diff_ids[position] if position < len(diff_ids) else ""
        title = made[position].removeprefix("twinbuild: ") if position < len(made) else ""
        derivation = steps.get(diff_id, "")
        said = f"layer {position + 1}" + (f" '{title}'" if title else "")
        step = f"{said}, {derivation}" if derivation else said
        layers.append(LayerOf(number=position + 1, blob=blob, diff_id=diff_id, title=title, step=step))
    return ImageOf(name=name, manifest=manifest.content, config=config, layers=tuple(layers))


def _history(config: Node) -> list[str]:
    """What made each layer, as the configuration's history has it (image-spec, config.md); "" where it is silent."""
    history = config.fields.get("history")
    return [
        str(entry.get("created_by") or entry.get("comment") or "")[:200]
        for entry in (history if isinstance(history, list) else ())
        if isinstance(entry, dict) and entry.get("empty_layer") is not True
    ]


def _derivations(release: Path) -> dict[str, str]:
    """The derivation of the image that has a layer, by the layer's diff_id, where a release manifest says so."""
    if not (release / "manifest.json").is_file():
        return {}
    try:
        document: dict[str, Json] = read_release(release).document
    except (TwinbuildError, OSError, json.JSONDecodeError):
        return {}
    return {
        text_of(layer.get("diff_id")): f"derivation {text_of(image.get('derivation'))}"
        for image in objects_of(object_at(document, "environment").get("images"))
        for layer in objects_of(image.get("layers"))
    }


def open_layer(blobs: LayoutBlobs, layer: LayerOf, keep: Callable[[BinaryIO], BinaryIO]) -> Stream:
    """The tar of a layer; ``keep`` is told of the file so that somebody closes it.

    Raises UsageError TB9304 for a layer of a kind that is not read; reading raises IntegrityError TB4311 to TB4313.
    """
    if layer.blob.media_type not in LAYER_KINDS:
        raise UsageError.of(
            "TB9304",
            f"{layer.step} is {layer.blob.media_type[:120]}, expected one of {', '.join(LAYER_KINDS)}",
            hint="copy the image into an OCI layout, such as by `skopeo copy … oci:DIR`",
            where=str(layer.blob.digest),
        )
    kind = LAYER_KINDS[layer.blob.media_type]
    stream = keep(blobs.open(layer.blob.digest))
    return Stream(decompress(stream, kind, limit=_LARGEST_LAYER, subject=layer.step))
