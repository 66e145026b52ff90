"""Manifests and indexes as others wrote them, read strictly and kept as bytes.

A document is one thing, whatever a header says of it: an index that also has layers is refused, and so is one whose
own media type is not the one that it was sent as (CVE-2021-41190).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from twinbuild.errors import FetchError, IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.platform import Platform
from twinbuild.oci.document import LARGEST_DOCUMENT, Node, parse

__all__ = [
    "LARGEST_DOCUMENT",
    "Entry",
    "FetchedManifest",
    "ManifestParts",
    "choose",
    "entries_of",
    "kind_of",
    "parts_of",
]

# Media types, OCI's and Docker's second version, which mean the same.
MANIFESTS: Final = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
INDEXES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
CONFIGS: Final = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)
MEDIA_TYPES: Final = INDEXES + MANIFESTS
ACCEPT: Final = MEDIA_TYPES  # what a manifest is asked for as; Docker's first version has no digests of its own

_LAYERS: Final = 1000
_ENTRIES: Final = 1000
_SUITABLE: Final = {"amd64": ("", "v1"), "arm64": ("", "v8")}  # variants that every machine of the platform runs


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedManifest:
    """A manifest or index: its exact bytes, what kind of document it is, and its digest, which was checked."""

    content: bytes
    media_type: str
    digest: Digest

    @property
    def descriptor(self) -> Descriptor:
        """What refers to it."""
        return Descriptor(media_type=self.media_type, digest=self.digest, size=len(self.content))

    @property
    def is_index(self) -> bool:
        """Whether it lists manifests."""
        return self.media_type in INDEXES


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One manifest of an index. ``platform`` is ``os/architecture[/variant]``, or "" where none is stated."""

    descriptor: Descriptor
    platform: str
    artifact_type: str = ""
    annotations: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestParts:
    """What an image manifest refers to; layers lowest first. ``artifact_type`` and ``subject`` are 1.1's."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    artifact_type: str = ""
    subject: Descriptor | None = None
    annotations: tuple[tuple[str, str], ...] = ()


def kind_of(content: bytes, stated: str, *, where: str) -> str:
    """The media type of a document that was sent as ``stated`` ("" for unknown).

    Raises IntegrityError TB3212 where the document says otherwise of itself, TB4330 where it is no JSON; FetchError
    TB3213 for a kind that is neither image nor index.
    """
    node = parse(content, where)
    inside = node.text("mediaType", "")
    media_type = stated if stated in MEDIA_TYPES else inside
    if not media_type and not stated:
        media_type = INDEXES[0] if "manifests" in node.fields else MANIFESTS[0]
    if media_type not in MEDIA_TYPES:
        raise FetchError.of(
            "TB3213",
            f"got {(inside or stated or 'a document without media type')[:100]!r}, expected an image or an index",
            hint="name an image; those of Docker's first manifest version must be pushed anew by a newer tool",
            where=where,
        )
    foreign = ("config", "layers", "fsLayers") if media_type in INDEXES else ("manifests", "fsLayers")
    both = sorted(set(foreign) & node.fields.keys())
    if (inside and inside != media_type) or both or node.fields.get("schemaVersion") != 2:
        said = f"has {', '.join(both)}" if both else f"says of itself {inside[:100]!r}"
        raise IntegrityError.of(
            "TB3212",
            f"the document was sent as {media_type!r}, but {said}: two readers would take it for two things",
            hint="do not use the image; report it to whoever made it",
            where=where,
        )
    return media_type


def entries_of(manifest: FetchedManifest) -> tuple[Entry, ...]:
    """What an index lists, in its order. Raises IntegrityError TB4332, TB4333, TB4335, TB4338."""
    node = parse(manifest.content, str(manifest.digest))
    found = []
    for entry in node.children("manifests", _ENTRIES):
        platform = entry.optional("platform")
        names = [] if platform is None else [platform.text(key, "") for key in ("os", "architecture", "variant")]
        found.append(
            Entry(
                descriptor=entry.descriptor(),
                platform="/".join(name for name in names if name),
                artifact_type=entry.text("artifactType", ""),
                annotations=_annotations(entry),
            )
        )
    return tuple(found)


def parts_of(manifest: FetchedManifest) -> ManifestParts:
    """What an image manifest refers to. Raises IntegrityError TB4332, TB4333, TB4335, TB4338."""
    node = parse(manifest.content, str(manifest.digest))
    subject = node.optional("subject")
    return ManifestParts(
        config=node.child("config").descriptor(),
        layers=tuple(layer.descriptor() for layer in node.children("layers", _LAYERS)),
        artifact_type=node.text("artifactType", ""),
        subject=None if subject is None else subject.descriptor(),
        annotations=_annotations(node),
    )


def choose(entries: Sequence[Entry], platform: Platform, *, where: str) -> Descriptor:
    """The first manifest for a platform (image-index.md). Raises FetchError TB3214, which lists what there is."""
    for entry in entries:
        system, _, rest = entry.platform.partition("/")
        architecture, _, variant = rest.partition("/")
        suitable = variant in _SUITABLE.get(architecture, ("",))
        if (system, architecture) == (platform.os, platform.architecture) and suitable:
            return entry.descriptor
    known = sorted({entry.platform for entry in entries if entry.platform and "unknown" not in entry.platform})
    raise FetchError.of(
        "TB3214",
        f"the index has no image for {platform}; it has {', '.join(known)[:300] or 'none with a platform'}",
        hint="choose an image that is published for the platform",
        where=where,
    )


def _annotations(node: Node) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(node.mapping("annotations").items()))
