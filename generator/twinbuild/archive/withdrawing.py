"""Taking the artifacts of a release out of a repository, and putting them back for whoever pinned it at that moment.

Deleting a manifest deletes its tags (distribution-spec, "Deleting Manifests"), and leaves its blobs until the registry
collects them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twinbuild.errors import FetchError, IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.reference import ImageReference
from twinbuild.model.settings import OCI_SCHEME
from twinbuild.net.registry.document import FetchedManifest

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.archive.tagged import TaggedReleases
    from twinbuild.net.registry.client import RegistryClient

__all__ = ["Withdrawn", "present", "put_back", "went", "withdraw"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The manifests that a tag led to, the top first."""

    tag: str
    manifests: tuple[FetchedManifest, ...]


def withdraw(
    client: RegistryClient, repository: ImageReference, tags: TaggedReleases, release: Digest
) -> tuple[Withdrawn, ...]:
    """Delete all that the tags of a release lead to; what that was.

    Raises IntegrityError TB9161, TB9162 for what is no release, which stays; FetchError TB9160, TB3220.
    """
    found = present(client, repository, tags, release)
    for one in found:
        for manifest in one.manifests:  # the index first: what it refers to must not be missing
            client.delete_manifest(repository, manifest.digest)
    return found


def present(
    client: RegistryClient, repository: ImageReference, tags: TaggedReleases, release: Digest
) -> tuple[Withdrawn, ...]:
    """All that the tags of a release lead to. Raises IntegrityError TB9161, TB9162 for what is no release."""
    found = []
    for tagged, artifact in tags.sound(release):
        manifests = [
            each
            for digest in (artifact.manifests if artifact is not None else ())
            if (each := client.own_manifest(repository.pinned(digest))) is not None
        ]
        found.append(Withdrawn(tag=tagged.tag, manifests=tuple(manifests)))
    return tuple(found)


def put_back(
    client: RegistryClient, repository: ImageReference, withdrawn: tuple[Withdrawn, ...], release: Digest
) -> None:
    """Have it again as it was. Raises IntegrityError TB9165 where the registry has lost files of it meanwhile."""
    try:
        for one in withdrawn:
            for part in one.manifests[1:]:
                client.put_manifest(repository.pinned(part.digest), part.content, part.media_type)
            for top in one.manifests[:1]:
                client.put_manifest(repository.tagged(one.tag), top.content, top.media_type)
    except FetchError as error:
        if error.findings[0].code != "TB3220":
            raise
        raise went(repository, release) from error


def went(repository: ImageReference, release: Digest) -> IntegrityError:
    """TB9165: it is pinned and gone."""
    return IntegrityError.of(
        "TB9165",
        f"the release {release} was taken out of the archive while it was pinned",
        hint=f"archive it again; the pin is there and will keep it. Where nobody needs it: archive unpin {release}",
        where=OCI_SCHEME + repository.name,
    )
