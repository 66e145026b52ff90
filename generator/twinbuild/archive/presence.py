"""Naming a release in a repository whose blobs others may take away at any moment.

A blob that no manifest names is anybody's to collect, also one that was seen there a moment ago, since the release that
it was seen with may be pruned. Once a manifest names it, a collector that begins leaves it alone. So a release is named
first, then all of it is looked for again, and what went before it was named is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Final

from twinbuild.archive.artifact import artifact_manifests, release_tag
from twinbuild.codec.amounts import counted
from twinbuild.errors import EnvironmentFault, FetchError, IntegrityError
from twinbuild.model.archive import ArchivedRelease
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.reference import ImageReference
from twinbuild.model.settings import OCI_SCHEME

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.net.registry.client import RegistryClient

__all__ = ["Brought", "Presence"]

_ASKING: Final = 4  # questions at a time
_TRIES: Final = 5

Brought = tuple[int, Callable[[], BinaryIO]]  # the size of a blob, and where it comes from


class Presence:
    """The blobs of one release in a repository. ``brought`` are those that can be sent again, by ``bring``."""

    def __init__(
        self,
        client: RegistryClient,
        repository: ImageReference,
        brought: Mapping[Digest, Brought],
        bring: Callable[[Digest, int, Callable[[], BinaryIO]], bool],
    ) -> None:
        self._client, self._repository = client, repository
        self._brought, self._bring = brought, bring

    def require(self, digests: AbstractSet[Digest], sizes: Mapping[Digest, int], release: ArchivedRelease) -> int:
        """Have blobs there that were there before: those that went are sent again; how many.

        Raises IntegrityError TB9164 for those that nothing here has, or whose size nobody says.
        """
        gone = self._gone(digests & sizes.keys())
        lost = sorted({digest for digest in gone if digest not in self._brought} | (digests - sizes.keys()))
        if lost:
            raise IntegrityError.of(
                "TB9164",
                f"the registry lost {counted(len(lost), 'file')} that {release.label} was archived with before, "
                f"such as {lost[0]}",
                hint="archive the release again, with all that it was archived with: its tool and its signatures",
                where=self._place,
            )
        for digest in gone:
            self._bring(digest, *self._brought[digest])
        return len(gone)

    def named(self, release: ArchivedRelease, record: Descriptor, sizes: Mapping[Digest, int]) -> None:
        """Name it, with all of it there.

        Raises IntegrityError TB9164; EnvironmentFault TB9166 where files of it go
        again and again.
        """
        needed = release.blobs | {record.digest}
        for _ in range(_TRIES):
            refused = self._put(release, record, sizes)
            if not self.require(needed, sizes, release):
                if refused is None:
                    return
                raise refused
        raise EnvironmentFault.of(
            "TB9166",
            f"files of {release.label} went again and again while it was archived, {_TRIES} times",
            hint="archive it again when nobody prunes there and the registry collects no garbage",
            where=self._place,
        )

    @property
    def _place(self) -> str:
        return OCI_SCHEME + self._repository.name

    def _gone(self, digests: AbstractSet[Digest]) -> list[Digest]:
        asked = sorted(digests)
        with ThreadPoolExecutor(_ASKING) as pool:
            found = pool.map(partial(self._client.own_blob, self._repository), asked)
            return [digest for digest, there in zip(asked, found, strict=True) if not there]

    def _put(self, release: ArchivedRelease, record: Descriptor, sizes: Mapping[Digest, int]) -> FetchError | None:
        """Send its manifests; the registry's refusal, which it answers with where it lacks a blob."""
        *parts, (top, kind) = artifact_manifests(release, record, sizes)
        reference = self._repository.tagged(release_tag(release.digest, record.digest))
        try:
            for part, media_type in parts:
                self._client.put_manifest(self._repository.pinned(Digest.of(part)), part, media_type)
            self._client.put_manifest(reference, top, kind)
        except FetchError as error:
            if error.findings[0].code != "TB3220":
                raise
            return error
        return None
