"""A packed twinbuild out of an image layout or the store: nothing of it is trusted but its digest."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.image import BuiltLayer, Descriptor, Image
from twinbuild.model.platform import SUPPORTED, Platform
from twinbuild.net.registry.document import LARGEST_DOCUMENT, FetchedManifest, entries_of, kind_of, parts_of
from twinbuild.oci.document import parse
from twinbuild.oci.stack import LAYER_KINDS
from twinbuild.pipeline.reading.layouts import LayoutBlobs, no_layout
from twinbuild.pipeline.tool.pack import PYTHON, TOOL
from twinbuild.ports import Store

__all__ = ["OpenedTool", "machine_platform", "open_tool", "tool_of_layout"]

_PIECE: Final = 1 << 20
_UNPACKED: Final = 1 << 30  # bytes of one layer
_ALL_UNPACKED: Final = 16 << 30  # bytes of all of them
_MOST: Final = 100  # layers
_HINT: Final = "name a layout that `twinbuild tool pack` wrote"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedTool:
    """A packed twinbuild whose documents were checked, and how it is started. Layers are checked as they are read."""

    version: str  # of twinbuild, "" where the image does not say
    python: str  # likewise
    code: Digest
    image: Image
    entrypoint: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]


def tool_of_layout(layout: Path, store: Store) -> Digest:
    """Bring the image of a layout that this machine can run into the store; the digest of its manifest.

    Raises UsageError TB9211, TB3231; IntegrityError TB3211 and what is wrong with documents.
    """
    if not (layout / "index.json").is_file():
        raise no_layout(layout, "is no image layout", hint=_HINT)
    source = LayoutBlobs(layout)
    known = []
    for manifest in _manifests(source):
        parts = parts_of(manifest)
        _copy(source, parts.config, store)
        platform = _platform(parts.config, store)
        known.append(platform)
        if platform != machine_platform():
            continue
        for blob in parts.layers:
            _copy(source, blob, store)
        return store.put(manifest.content)
    raise _other_machine(known)


def _manifests(source: LayoutBlobs) -> Iterator[FetchedManifest]:
    """The images of a layout, and those of its indexes."""
    for named in source.images():
        manifest = source.manifest(named.descriptor)
        if not manifest.is_index:
            yield manifest
            continue
        for entry in entries_of(manifest):
            inner = source.manifest(entry.descriptor)
            if not inner.is_index:
                yield inner


def _copy(source: LayoutBlobs, blob: Descriptor, store: Store) -> None:
    """One blob, of which no more is read than its descriptor says."""
    if store.has(blob.digest):
        return
    with source.open(blob.digest) as stream, store.writer() as sink:
        left = blob.size
        while left and (piece := stream.read(min(left, _PIECE))):
            sink.write(piece)
            left -= len(piece)
        sink.commit(blob.digest)


def open_tool(digest: Digest, store: Store) -> OpenedTool:
    """The packed twinbuild of a digest in the store.

    Raises UsageError TB9210, TB9211; LockError TB3102 for a document that is not there; IntegrityError.
    """
    content = store.read(digest, limit=LARGEST_DOCUMENT)
    manifest = FetchedManifest(content=content, media_type=kind_of(content, "", where=str(digest)), digest=digest)
    if manifest.is_index:
        raise _no_tool(digest, "it is an index of several images")
    parts = parts_of(manifest)
    document = parse(store.read(parts.config.digest, limit=LARGEST_DOCUMENT), str(parts.config.digest))
    runtime, diff_ids = document.child("config"), document.child("rootfs").texts("diff_ids")
    labels, entrypoint = runtime.mapping("Labels"), runtime.texts("Entrypoint")
    if TOOL not in labels or not entrypoint:
        raise _no_tool(digest, f"it has no label {TOOL}" if TOOL not in labels else "it has no entry point")
    if len(parts.layers) > _MOST:
        raise _no_tool(digest, f"it has {len(parts.layers)} layers, at most {_MOST}")
    kinds = [layer.media_type for layer in parts.layers if layer.media_type not in LAYER_KINDS]
    if kinds or len(diff_ids) != len(parts.layers):
        raise _no_tool(digest, f"its layers are {kinds[0][:100]!r}" if kinds else "its layers are not those it states")
    platform = _platform(parts.config, store)
    if platform != machine_platform():
        raise _other_machine([platform])
    return OpenedTool(
        version=labels.get("org.opencontainers.image.version", ""),
        python=labels.get(PYTHON, ""),
        code=Digest.parse(labels[TOOL]),
        image=Image(
            derivation=digest,  # nobody says what derived it, and nothing of it is built here
            variant="",
            platform=Platform.parse(platform),
            manifest=Descriptor(media_type=manifest.media_type, digest=digest, size=len(content)),
            config=parts.config,
            layers=tuple(
                BuiltLayer(
                    derivation=layer.digest,
                    title=str(layer.digest),
                    diff_id=Digest.parse(diff_id),
                    uncompressed_size=min(_UNPACKED, _ALL_UNPACKED // len(parts.layers)),
                    blob=layer,
                )
                for layer, diff_id in zip(parts.layers, diff_ids, strict=True)
            ),
        ),
        entrypoint=entrypoint,
        environment=tuple((name, value) for name, _, value in (each.partition("=") for each in runtime.texts("Env"))),
    )


def machine_platform() -> str:
    """The platform of this machine, such as linux/amd64."""
    machine = os.uname().machine
    return next((name for name in SUPPORTED if Platform.parse(name).machine == machine), f"linux/{machine}")


def _platform(config: Descriptor, store: Store) -> str:
    """What a configuration says that it is for."""
    document = parse(store.read(config.digest, limit=LARGEST_DOCUMENT), str(config.digest))
    return f"{document.text('os')}/{document.text('architecture')}"


def _no_tool(digest: Digest, reason: str) -> UsageError:
    return UsageError.of("TB9210", f"the image is no packed twinbuild: {reason}", hint=_HINT, where=str(digest))


def _other_machine(known: list[str]) -> UsageError:
    return UsageError.of(
        "TB9211",
        f"the packed twinbuild is for {', '.join(known)[:200] or 'nothing'}, and this machine is {machine_platform()}",
        hint=f"run it on such a machine, or pack it with `--platform {machine_platform()}`",
    )
