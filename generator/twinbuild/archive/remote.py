"""Reading what an archive in a registry holds: artifacts by their tags, and blobs, each fetched when it is read.

Nothing of a registry is believed: manifests and blobs are checked against their digests, a tag against the digests that
stand in it, and what an artifact lists against the record. What was fetched lies in the store, until that is collected.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from twinbuild.archive.artifact import ARTIFACT, BLOB, RECORD, Tagged
from twinbuild.archive.streams import Anew
from twinbuild.codec.amounts import counted
from twinbuild.errors import FetchError, IntegrityError
from twinbuild.model.archive import ArchivedRelease
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.reference import ImageReference
from twinbuild.net.registry.document import FetchedManifest, entries_of, parts_of
from twinbuild.ports import BlobSink, Store
from twinbuild.store.faults import damaged, missing

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.net.registry.client import RegistryClient

__all__ = ["Artifact", "RegistryBlobs", "is_absent", "is_unreadable", "moved", "read_artifact"]

_MOVED: Final = (
    "nobody who keeps to the rules moves such a tag: find out who may write to the repository, and archive the release "
    "again"
)
_MOST: Final = 500_000  # files of a release: as many as a record has room for


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """What a tag of a release leads to: the descriptor of its record, its layers, its manifests with the top first."""

    record: Descriptor
    layers: tuple[Descriptor, ...]
    manifests: tuple[Digest, ...]


def is_absent(error: FetchError) -> bool:
    """Whether a registry answered that it has no such thing."""
    return error.findings[0].code in ("TB3202", "TB3203")


def is_unreadable(error: IntegrityError | FetchError) -> bool:
    """Whether it is about a document that is none of an archive's: anybody's who may write to the repository."""
    code = error.findings[0].code
    return code == "TB3213" or (isinstance(error, IntegrityError) and code not in ("TB9161", "TB9162"))


def read_artifact(client: RegistryClient, repository: ImageReference, tagged: Tagged) -> Artifact | None:
    """The artifact under a tag; None where the tag is gone.

    Raises IntegrityError TB9161 for one that the tag cannot have been written for, TB9162 for what is none or is not
    whole, and what ``RegistryClient`` raises.
    """
    try:
        top = client.own_manifest(repository.tagged(tagged.tag))
        if top is None:
            return None
        return _artifact(client, repository, tagged, top)
    except (IntegrityError, FetchError) as error:
        if not is_unreadable(error):
            raise
        raise _no_release(repository, tagged, f"is no release of an archive: {error.findings[0].message}") from error


def _artifact(client: RegistryClient, repository: ImageReference, tagged: Tagged, top: FetchedManifest) -> Artifact:
    manifests = [top.digest]
    parts = [] if top.is_index else [parts_of(top)]
    for entry in entries_of(top) if top.is_index else ():
        part = _part(client, repository, tagged, entry.descriptor)
        manifests.append(part.digest)
        parts.append(parts_of(part))
        if sum(len(each.layers) for each in parts) > _MOST:
            raise _no_release(repository, tagged, f"has more than {_MOST} files")
    records = {part.config for part in parts}
    if not parts or len(records) != 1 or any(part.artifact_type != ARTIFACT for part in parts):
        raise _no_release(repository, tagged, "is no release of an archive")
    (record,) = records
    if record.media_type != RECORD:
        raise _no_release(repository, tagged, "is no release of an archive")
    if tagged.record not in (None, record.digest):
        raise moved(repository, tagged, f"the record {record.digest}, expected {tagged.record}")
    layers = {layer.digest: layer for part in parts for layer in part.layers}
    return Artifact(record=record, layers=tuple(layers.values()), manifests=tuple(manifests))


def moved(repository: ImageReference, tagged: Tagged, where: str) -> IntegrityError:
    """A tag leads to something else than it was written for."""
    return IntegrityError.of(
        "TB9161",
        f"the tag {tagged.tag} was moved: it leads to {where}",
        hint=_MOVED,
        where=repository.name,
    )


def _part(
    client: RegistryClient, repository: ImageReference, tagged: Tagged, descriptor: Descriptor
) -> FetchedManifest:
    try:
        found = client.manifest(repository.pinned(descriptor.digest))
    except FetchError as error:
        if not is_absent(error):
            raise
        raise _no_release(repository, tagged, f"lacks its manifest {descriptor.digest}") from None
    if found.is_index:
        raise _no_release(repository, tagged, "is no release of an archive")
    return found


def _no_release(repository: ImageReference, tagged: Tagged, why: str) -> IntegrityError:
    return IntegrityError.of(
        "TB9162",
        f"what the tag {tagged.tag} leads to {why}",
        hint="archive the release again; where it never was one, have the tag deleted",
        where=repository.name,
    )


class RegistryBlobs:
    """Implements ``ports.Blobs``: blobs of a repository, fetched into the store when they are read.

    A damaged one of the store is fetched again: the archive is the registry, and the store keeps copies.

    Only blobs whose size is known (``sizes``, of records and artifacts) can be read: no more bytes are taken than that.
    """

    def __init__(self, client: RegistryClient, repository: ImageReference, store: Store) -> None:
        self._client, self._repository, self._store = client, repository, store
        self.sizes: Final[dict[Digest, int]] = {}
        self._others: Final[dict[Digest, list[int]]] = {}  # that were said of a blob before

    def know(self, release: ArchivedRelease) -> None:
        """Sizes that a record says. They count until another says others: what one says wrong harms no other."""
        self.say((digest, size) for digest, size, _, _ in release.needs() if size >= 0)

    def say(self, sizes: Iterable[tuple[Digest, int]]) -> None:
        """Sizes of blobs, from whoever should know. Of several for one blob the last is believed first."""
        for digest, size in sizes:
            before = self.sizes.get(digest)
            if before is not None and before != size:
                self._others[digest] = [before, *(each for each in self._others.get(digest, ()) if each != size)]
            self.sizes[digest] = size

    def fetch(self, digest: Digest, sink: BlobSink) -> None:
        """Fetch a blob whose size was said; where several were said, the one that it has.

        Raises IntegrityError TB3211, and what ``RegistryClient`` raises.
        """
        for size in [self.sizes.get(digest, 0), *self._others.get(digest, ())]:
            descriptor = Descriptor(media_type=BLOB, digest=digest, size=size)
            try:
                self._client.fetch_blob(self._repository, descriptor, sink)
            except IntegrityError as error:
                refused = error
            else:
                self.sizes[digest] = size
                return
        raise refused

    def has(self, digest: Digest) -> bool:
        """Whether it is here already, or the registry says that it has it."""
        return self._store.has(digest) or self._client.own_blob(self._repository, digest)

    def size(self, digest: Digest) -> int:
        """Size in bytes. Raises LockError TB3102."""
        size = self.sizes.get(digest)
        return self._store.size(digest) if size is None else size

    def open(self, digest: Digest) -> BinaryIO:
        """A verifying stream. Raises IntegrityError TB9113, TB3103, TB3211, and what ``RegistryClient`` raises."""
        return self._here(digest).open(digest)

    def read(self, digest: Digest, *, limit: int = 64 << 20) -> bytes:
        """A whole document, checked; one above the limit is not fetched. Raises as ``open``."""
        if (size := self.size(digest)) > limit:
            raise damaged(digest, f"{counted(size, 'byte')}, more than {limit}, which a document may not have")
        return self._here(digest).read(digest, limit=limit)

    def check(self, digest: Digest) -> None:
        """Fetch it, which checks it. Raises as ``open``."""
        self._here(digest).check(digest)

    def path(self, digest: Digest) -> Path:
        """Where it lies in the store. Raises as ``open``."""
        return self._here(digest).path(digest)

    def _is_sound(self, digest: Digest) -> bool:
        if not self._store.has(digest):
            return False
        try:
            self._store.check(digest)
        except IntegrityError:
            return digest not in self.sizes  # then it stays, and whoever reads it is told
        return True

    def _here(self, digest: Digest) -> Store:
        if not self._is_sound(digest):
            if digest not in self.sizes:
                raise missing(digest, needed_by="an archive in a registry, none of whose releases names it")
            try:
                self.fetch(digest, Anew(self._store))
            except FetchError as error:
                if not is_absent(error):
                    raise
                raise IntegrityError.of(
                    "TB9113",
                    "the registry has no such file any more",
                    hint="archive the release again: `twinbuild archive verify` says what else is missing",
                    where=str(digest),
                ) from None
        return self._store
