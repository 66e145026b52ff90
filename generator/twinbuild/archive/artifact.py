"""A release as an OCI artifact (image-spec 1.1, manifest.md), and the tags by which a repository is an archive.

::

    release-<64 hex>.<52 base32>   a release by its digest, and the digest of its record: an artifact
    release-<64 hex>               the same as earlier twinbuilds tagged it
    pin-<64 hex>                   why a release is never pruned: an artifact without content

The configuration of an artifact is the record, its layers are the blobs that the record names. Both digests stand in
the tag, so it can lead to one thing only: nothing there is ever overwritten, two processes that say something of one
release do it under two tags, and a tag that leads elsewhere was moved by somebody. A manifest of more layers than
registries like is cut into several, and the tag leads to an index of them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.canonical import Json, canonical
from twinbuild.model.archive import ArchivedRelease
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.oci.image import INDEX, MANIFEST

__all__ = [
    "ARTIFACT",
    "BLOB",
    "PIN",
    "REASON",
    "RECORD",
    "RELEASE",
    "Tagged",
    "artifact_manifest",
    "artifact_manifests",
    "pin_manifest",
    "pin_tag",
    "read_pin",
    "read_tag",
    "release_tag",
]

ARTIFACT: Final = "application/vnd.twinbuild.release.v1"
RECORD: Final = "application/vnd.twinbuild.archived.v1+json"
BLOB: Final = "application/octet-stream"
PIN: Final = "application/vnd.twinbuild.pin.v1"
REASON: Final = "dev.twinbuild.pin.reason"
RELEASE: Final = "dev.twinbuild.release"
_EMPTY: Final[dict[str, Json]] = {  # image-spec 1.1, "Guidance for an Empty Descriptor"
    "mediaType": "application/vnd.oci.empty.v1+json",
    "digest": str(Digest.of(b"{}")),
    "size": 2,
}
_TAG: Final = re.compile(r"release-([0-9a-f]{64})(?:\.([a-z2-7]{52}))?", re.ASCII)
_PIN_TAG: Final = re.compile(r"pin-([0-9a-f]{64})", re.ASCII)
_LAYERS: Final = 1000  # of one manifest: some 140 kB, where registries must take 4 MiB


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """What a tag says: a release, and the digest of its record; None for a tag of an earlier twinbuild."""

    tag: str
    release: Digest
    record: Digest | None


def release_tag(release: Digest, record: Digest) -> str:
    """The tag of a record. In base32 the second digest leaves room in the 128 characters that a tag may have."""
    short = base64.b32encode(bytes.fromhex(record.hex)).decode().rstrip("=").lower()
    return f"release-{release.hex}.{short}"


def read_tag(tag: str) -> Tagged | None:
    """What a tag says of a release; None where it says nothing of one."""
    match = _TAG.fullmatch(tag)
    if match is None:
        return None
    record = None
    if match[2]:
        record = Digest(base64.b32decode(f"{match[2].upper()}====").hex())
        if release_tag(Digest(match[1]), record) != tag:
            return None  # bits behind the last digit
    return Tagged(tag=tag, release=Digest(match[1]), record=record)


def pin_tag(release: Digest) -> str:
    """The tag of what pins a release."""
    return f"pin-{release.hex}"


def read_pin(tag: str) -> Digest | None:
    """The release that a tag pins; None where it pins none."""
    match = _PIN_TAG.fullmatch(tag)
    return Digest(match[1]) if match is not None else None


def pin_manifest(release: Digest, reason: str) -> bytes:
    """An artifact without content, which says why a release is never pruned."""
    return canonical(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": PIN,
            "config": _EMPTY,
            "layers": [_EMPTY],
            "annotations": {RELEASE: str(release), REASON: reason},
        }
    )


def artifact_manifest(release: ArchivedRelease, record: Descriptor, sizes: Mapping[Digest, int]) -> bytes:
    """The one manifest of a release, whatever number of layers it has: the same bytes from every archive."""
    return _manifest(record, sorted(release.blobs), sizes)


def artifact_manifests(
    release: ArchivedRelease, record: Descriptor, sizes: Mapping[Digest, int]
) -> tuple[tuple[bytes, str], ...]:
    """The manifests of a release with their media types, as a registry takes them: what is referred to comes first."""
    digests = sorted(release.blobs)
    if len(digests) <= _LAYERS:
        return ((_manifest(record, digests, sizes), MANIFEST),)
    parts = [_manifest(record, digests[start : start + _LAYERS], sizes) for start in range(0, len(digests), _LAYERS)]
    entries: list[Json] = [
        {"mediaType": MANIFEST, "artifactType": ARTIFACT, "digest": str(Digest.of(part)), "size": len(part)}
        for part in parts
    ]
    index = canonical({"schemaVersion": 2, "mediaType": INDEX, "artifactType": ARTIFACT, "manifests": entries})
    return (*((part, MANIFEST) for part in parts), (index, INDEX))


def _manifest(record: Descriptor, digests: Sequence[Digest], sizes: Mapping[Digest, int]) -> bytes:
    layers: list[Json] = [_descriptor(BLOB, digest, sizes[digest]) for digest in digests]
    return canonical(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": ARTIFACT,
            "config": _descriptor(RECORD, record.digest, record.size),
            "layers": layers,
        }
    )


def _descriptor(kind: str, digest: Digest, size: int) -> Json:
    return {"mediaType": kind, "digest": str(digest), "size": size}
