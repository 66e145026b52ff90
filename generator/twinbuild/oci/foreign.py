"""Documents of an image that others made and that ours stands on: index, manifest and configuration, OCI's or Docker's.

More is taken here than ``read`` takes of a layout, for these bytes are never changed: Docker's media types, fields that
we do not know. What decides is read strictly: digests, sizes, platform, the number and the kind of layers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NoReturn

from twinbuild.codec.amounts import counted
from twinbuild.codec.canonical import canonical, to_json
from twinbuild.errors import LockError
from twinbuild.model.digest import Digest
from twinbuild.model.image import BaseHistory, Descriptor
from twinbuild.model.lock import LockedLayer
from twinbuild.model.plan import BaseLayer
from twinbuild.model.platform import Platform
from twinbuild.oci.document import Node, parse
from twinbuild.oci.image import CONFIG, INDEX, MANIFEST

__all__ = [
    "INDEXES",
    "LAYER_TYPES",
    "MANIFESTS",
    "ForeignConfig",
    "ForeignManifest",
    "base_layer",
    "choose_platform",
    "parse_config",
    "parse_manifest",
]

_DOCKER: Final = "application/vnd.docker."
INDEXES: Final = (INDEX, f"{_DOCKER}distribution.manifest.list.v2+json")
MANIFESTS: Final = (MANIFEST, f"{_DOCKER}distribution.manifest.v2+json")
_CONFIGS: Final = (CONFIG, f"{_DOCKER}container.image.v1+json")
# The name that OCI has for each kind of layer. A manifest names its layers by media type and digest, and the two kinds
# of names mean the same bytes: an OCI manifest over Docker's layers renames them, and their digests stay.
_LAYER: Final = "application/vnd.oci.image.layer.v1.tar"
_LAYERS: Final = {
    **{f"{_LAYER}{suffix}": f"{_LAYER}{suffix}" for suffix in ("", "+gzip", "+zstd")},
    f"{_DOCKER}image.rootfs.diff.tar": _LAYER,
    f"{_DOCKER}image.rootfs.diff.tar.gzip": f"{_LAYER}+gzip",
    f"{_DOCKER}image.rootfs.diff.tar.zstd": f"{_LAYER}+zstd",
}
LAYER_TYPES: Final = tuple(_LAYERS)
_MOST_LAYERS: Final = 127  # what overlayfs mounts in Docker
_MOST_HISTORY: Final = 1000
_CARRIED: Final = ("Healthcheck", "Shell", "StopTimeout", "Volumes")  # what ``FROM`` hands down beside the known fields
_ANY_VARIANT: Final = {"amd64": ("", "v1"), "arm64": ("", "v8")}  # the baseline, spelled out or not
_NAME: Final = re.compile(r"[^=\0]+")
_PORT: Final = re.compile(r"[0-9]{1,5}(-[0-9]{1,5})?(/[a-z]{1,10})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignManifest:
    """An image manifest: configuration and layers, lowest first, with the media types that it gives."""

    config: Descriptor
    layers: tuple[Descriptor, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignConfig:
    """The parts of a configuration that an image on top of it keeps (image-spec, config.md; Docker's additions)."""

    platform: str  # os/architecture
    author: str
    diff_ids: tuple[Digest, ...]
    environment: tuple[tuple[str, str], ...]  # in its order
    labels: tuple[tuple[str, str], ...]  # sorted
    exposed_ports: tuple[str, ...]  # sorted
    triggers: tuple[str, ...]  # ONBUILD
    inherited: tuple[tuple[str, str], ...]  # canonical JSON by name, sorted
    history: tuple[BaseHistory, ...]


def refused(message: str, subject: str, hint: str) -> LockError:
    """TB2273: an image that cannot be a base."""
    return LockError.of("TB2273", message, hint=hint, where=subject)


def choose_platform(content: bytes, platform: Platform, subject: str) -> Descriptor:
    """The manifest of an index for a platform. Raises LockError TB2271, TB2273, IntegrityError TB433x."""
    index = parse(content, subject)
    found: list[Descriptor] = []
    have: set[str] = set()
    for entry in index.children("manifests", 1000):
        stated = entry.optional("platform")
        if stated is None:
            continue
        system, architecture = stated.text("os", ""), stated.text("architecture", "")
        variant = stated.text("variant", "")
        have.add("/".join(part for part in (system, architecture, variant) if part))
        if (system, architecture) == (platform.os, platform.architecture) and variant in _ANY_VARIANT[architecture]:
            found.append(entry.descriptor())
    have.discard("unknown/unknown")  # attestations that BuildKit keeps beside images
    if not found:
        raise _no_platform(platform, have, subject)
    if len({descriptor.digest for descriptor in found}) > 1:
        message = f"the index has {len(found)} images for {platform}"
        raise refused(message, subject, "name the one that you mean by its digest: NAME@sha256:…")
    if found[0].media_type not in MANIFESTS:
        message = f"the index names a {found[0].media_type!r:.100} for {platform}, expected an image manifest"
        raise refused(message, subject, "name an image")
    return found[0]


def _no_platform(platform: Platform, have: set[str], subject: str) -> LockError:
    return LockError.of(
        "TB2271",
        f"the base has no image for {platform}; it has {', '.join(sorted(have)) or 'none that says its platform'}",
        hint="take the platform out of `environment.platforms`, or name a base that has it",
        where=subject,
    )


def parse_manifest(content: bytes, media_type: str, subject: str) -> ForeignManifest:
    """A manifest's descriptors. Raises LockError TB2273 for a kind of image or layer that cannot be a base."""
    manifest = parse(content, subject)
    version = manifest.fields.get("schemaVersion")
    if version == 1 or "fsLayers" in manifest.fields:
        message = "the manifest is of schema version 1, which names neither configuration nor sizes"
        raise refused(message, subject, "push the image again with a newer engine, or name a newer tag")
    if version != 2 or media_type not in MANIFESTS or manifest.text("mediaType", media_type) != media_type:
        message = f"a document of type {media_type!r:.100}, schema version {version!r:.20}: no image manifest"
        raise refused(message, subject, "name an image")
    if "manifests" in manifest.fields:
        manifest.refuse("TB4334", "an image manifest that also has manifests: another reader takes it for an index")
    config = manifest.child("config")
    if config.text("mediaType") not in _CONFIGS:
        message = f"its configuration is a {config.text('mediaType')!r:.100}: an artifact, not a container image"
        raise refused(message, subject, "name a container image")
    layers = []
    for node in manifest.children("layers", _MOST_LAYERS):
        if node.text("mediaType") not in _LAYERS:
            _foreign(node, subject)
        layers.append(node.descriptor())
    if not layers:
        raise refused("the image has no layers", subject, "use `base: {debian: …}` for a base without an image")
    return ForeignManifest(config=config.descriptor(), layers=tuple(layers))


def _foreign(node: Node, subject: str) -> NoReturn:
    media_type = node.text("mediaType")
    what = "a layer of a kind that is not read"
    hint = "name a base whose layers are tar, tar+gzip or tar+zstd"
    if "foreign" in media_type or "nondistributable" in media_type:
        what = "a layer that no registry distributes"
        hint = "name a base without foreign layers (Windows images have them)"
    elif media_type.endswith("+encrypted"):
        what = "an encrypted layer"
        hint = "decrypt it first (`skopeo copy --decryption-key`), and name the result"
    raise refused(f"{what}: {media_type!r:.100}", subject, hint)


def parse_config(content: bytes, subject: str, platform: Platform, layers: int) -> ForeignConfig:
    """A configuration for that platform and number of layers. Raises LockError TB2271, IntegrityError TB433x."""
    document = parse(content, subject)
    stated = f"{document.text('os', '')}/{document.text('architecture', '')}"
    if stated != str(platform):
        raise _no_platform(platform, {stated}, subject)
    runtime = document.optional("config") or Node({}, subject, "/config")
    rootfs = document.child("rootfs")
    texts = rootfs.texts("diff_ids")
    if rootfs.text("type") != "layers" or len(texts) != layers:
        rootfs.refuse("TB4336", f"{counted(len(texts), 'diff_id')} for {counted(layers, 'layer')}", "diff_ids")
    named = Node({str(number): text for number, text in enumerate(texts)}, subject, "/rootfs/diff_ids")
    return ForeignConfig(
        platform=stated,
        author=document.text("author", ""),
        diff_ids=tuple(named.digest(str(number)) for number in range(layers)),
        environment=tuple(_variable(runtime, text) for text in runtime.texts("Env")),
        labels=_labels(runtime),
        exposed_ports=_ports(runtime),
        triggers=runtime.texts("OnBuild"),
        inherited=_inherited(runtime),
        history=_history(document, layers),
    )


def _variable(runtime: Node, text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not _NAME.fullmatch(name) or "\0" in value:
        runtime.refuse("TB4335", f"the variable {text[:80]!r}, expected NAME=value", "Env")
    return name, value


def _labels(runtime: Node) -> tuple[tuple[str, str], ...]:
    found = tuple(sorted(runtime.mapping("Labels").items()))
    for name, value in found:
        if not _NAME.fullmatch(name) or "\0" in value:
            runtime.refuse("TB4335", f"the label {name[:80]!r}, expected a name without '='", "Labels")
    return found


def _ports(runtime: Node) -> tuple[str, ...]:
    node = runtime.optional("ExposedPorts")
    found = () if node is None else tuple(sorted(node.fields))
    for port in found:
        if not _PORT.fullmatch(port):
            runtime.refuse("TB4335", f"the port {port[:80]!r}, expected NUMBER/PROTOCOL", "ExposedPorts")
    return found


def _inherited(runtime: Node) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, canonical(to_json(runtime.fields[name])).decode()) for name in _CARRIED if runtime.fields.get(name)
    )


def _history(document: Node, layers: int) -> tuple[BaseHistory, ...]:
    if document.fields.get("history") is None:
        return ()
    entries = tuple(
        BaseHistory(
            created=node.text("created", ""),
            created_by=node.text("created_by", ""),
            author=node.text("author", ""),
            comment=node.text("comment", ""),
            empty_layer=node.fields.get("empty_layer") is True,
        )
        for node in document.children("history", _MOST_HISTORY)
    )
    filled = sum(not entry.empty_layer for entry in entries)
    if filled != layers:
        document.refuse("TB4336", f"history tells of {filled} layers, the manifest has {layers}", "history")
    return entries


def base_layer(layer: LockedLayer) -> BaseLayer:
    """A locked layer as part of an image of ours: OCI's name of its media type, everything else as it is."""
    return BaseLayer(
        media_type=_LAYERS[layer.media_type],
        digest=layer.digest,
        size=layer.size,
        diff_id=layer.diff_id,
        uncompressed_size=layer.uncompressed_size,
    )
