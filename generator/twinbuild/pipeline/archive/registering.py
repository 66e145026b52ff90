"""Releases of an archive in an OCI registry: the artifacts of an export, each under a tag of its digest.

What a registry has already is not sent, so releases share there what they share here. Blobs go before the manifest that
refers to them, and the tag comes last: whoever looks meanwhile finds all of a release, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import Summary
from twinbuild.errors import IntegrityError, UsageError
from twinbuild.model.archive import ArchivedRelease
from twinbuild.model.image import Descriptor
from twinbuild.model.reference import ImageReference
from twinbuild.net.registry.document import parts_of
from twinbuild.net.registry.upload import Sent
from twinbuild.oci.image import MANIFEST
from twinbuild.pipeline.archive.moving import Imported, artifact_manifest, received_release
from twinbuild.pipeline.archive.recording import keep_record
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.registries import open_registry
from twinbuild.pipeline.transfer import Meter, move

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.net.registry.client import RegistryClient

__all__ = ["SCHEME", "Registered", "pull_releases", "push_releases", "repository_of"]

SCHEME: Final = "oci://"
_TAG: Final = "release-"  # and the release digest in hexadecimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """How many releases a repository has now of those that were meant, and the bytes that were sent for it."""

    releases: int
    size: int


def repository_of(text: str) -> ImageReference:
    """The repository of ``oci://REGISTRY/REPOSITORY``. Raises UsageError TB9144 for a tag or digest behind it."""
    reference = ImageReference.parse(text.removeprefix(SCHEME))
    if reference.tag or reference.digest is not None:
        raise UsageError.of(
            "TB9144",
            f"got {text[:200]!r}, expected a repository without tag and digest",
            hint="write oci://REGISTRY/REPOSITORY: each release gets a tag of its own there",
            where=text[:200],
        )
    return reference


def push_releases(
    archive: Archive, chosen: Iterable[Summary], repository: ImageReference, machine: Machine
) -> Registered:
    """Have releases in a repository. Raises what ``RegistryClient`` raises, and IntegrityError for damaged blobs."""
    count = size = 0
    with open_registry(machine) as client:
        for summary in sorted(chosen, key=lambda each: each.kept.release):
            release = archive.release(summary.kept)
            manifest = artifact_manifest(archive, summary.kept, release)
            blobs = tuple(
                Descriptor(media_type="application/octet-stream", digest=digest, size=archive.blobs.size(digest))
                for digest in sorted({*release.blobs, summary.kept.record})
            )
            sent = _send(client, archive, blobs, repository, machine, label=release.label)
            how = client.put_manifest(repository.tagged(_TAG + release.digest.hex), manifest, MANIFEST)
            size += sent + (len(manifest) if how is Sent.UPLOADED else 0)
            count += 1
    return Registered(releases=count, size=size)


def _send(
    client: RegistryClient,
    archive: Archive,
    blobs: tuple[Descriptor, ...],
    repository: ImageReference,
    machine: Machine,
    *,
    label: str,
) -> int:
    meter = Meter(machine.progress, f"pushing {label}", sum(blob.size for blob in blobs))

    def one(blob: Descriptor) -> int:
        how = client.push_blob(repository, blob, archive.blobs, meter.part(blob.digest))
        meter.at(blob.digest, blob.size)
        return blob.size if how is Sent.UPLOADED else 0

    return sum(move(blobs, one, connections=machine.settings.connections, stop=client.http.stop))


def pull_releases(archive: Archive, repository: ImageReference, machine: Machine) -> Imported:
    """Take all releases of a repository into an archive; what it has already is not fetched.

    Nothing of a registry is believed: as with an export, every blob must have its digest, and a release is named only
    when all of it is there and its record fits its release manifest, and its tag. Raises as ``import_releases``, and
    what ``RegistryClient`` raises.
    """
    found: list[ArchivedRelease] = []
    brought = 0
    with open_registry(machine) as client:
        for tag in client.list_tags(repository):
            if not tag.startswith(_TAG):
                continue
            manifest = client.manifest(repository.tagged(tag), (MANIFEST,))
            parts = parts_of(manifest)
            blobs = tuple({blob.digest: blob for blob in (parts.config, *parts.layers)}.values())
            brought += _fetch(client, archive, blobs, repository, machine)
            release = received_release(archive, archive.blobs.put(manifest.content), str(repository))
            if tag != _TAG + release.digest.hex:
                raise IntegrityError.of(
                    "TB9143",
                    f"the tag {tag[:100]} leads to the release {release.digest}",
                    hint="push the release again with `twinbuild archive export`",
                    where=str(repository),
                )
            found.append(release)
    known = sum(keep_record(archive, release, foreign=True)[2] for release in found)
    return Imported(releases=tuple(found), known=known, brought=brought)


def _fetch(
    client: RegistryClient,
    archive: Archive,
    blobs: tuple[Descriptor, ...],
    repository: ImageReference,
    machine: Machine,
) -> int:
    meter = Meter(machine.progress, f"pulling from {repository.name}", sum(blob.size for blob in blobs))

    def one(blob: Descriptor) -> bool:
        if archive.blobs.intact(blob.digest, blob.size):
            return False
        new = client.fetch_blob(repository, blob, archive.blobs, meter.part(blob.digest))
        meter.at(blob.digest, blob.size)
        return new

    return sum(move(blobs, one, connections=machine.settings.connections, stop=client.http.stop))
