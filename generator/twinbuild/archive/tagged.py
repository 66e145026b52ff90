"""The releases that the tags of a repository name, and the records that they lead to."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from twinbuild.archive.artifact import Tagged, read_pin, read_tag
from twinbuild.archive.remote import Artifact, RegistryBlobs, is_absent, moved, read_artifact
from twinbuild.codec.archive import decode_archived
from twinbuild.errors import FetchError, Finding, IntegrityError, UsageError
from twinbuild.model.archive import ArchivedRelease
from twinbuild.model.digest import Digest
from twinbuild.model.reference import ImageReference
from twinbuild.model.settings import OCI_SCHEME
from twinbuild.ports import Store

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.net.registry.client import RegistryClient

__all__ = ["TaggedReleases", "lost"]

_LARGEST: Final = 64 << 20  # bytes of a record


class TaggedReleases:
    """The tags of a repository, asked for once until they are forgotten. Other tags than an archive's are passed over.

    What a tag leads to never changes, so it is remembered; methods with ``anew`` look again.
    """

    def __init__(self, client: RegistryClient, repository: ImageReference, store: Store, blobs: RegistryBlobs) -> None:
        self._client, self._repository, self._store, self._blobs = client, repository, store, blobs
        self._tags: frozenset[str] | None = None
        self._absent = False  # there is no such repository
        self._releases: dict[Digest, list[Tagged]] = {}
        self._known: dict[str, Artifact] = {}
        self._passed: dict[Digest, tuple[Finding, ...]] = {}  # by release: tags that were passed over, when last looked

    def require(self) -> None:
        """Raise UsageError TB9101 where the registry has no such repository."""
        self.listed()
        if self._absent:
            place = OCI_SCHEME + self._repository.name
            raise UsageError.of(
                "TB9101",
                f"{place} is no archive: the registry has no such repository, or nothing in it",
                hint="name the repository of an archive; `twinbuild archive add` makes one where there is none",
                where="--archive",
            )

    def forget(self) -> None:
        """Ask for the tags again."""
        self._tags = None

    def listed(self) -> frozenset[str]:
        """All tags, as they were when they were last asked for."""
        if self._tags is None:
            try:
                self._tags, self._absent = frozenset(self._client.list_tags(self._repository)), False
            except FetchError as error:
                if not is_absent(error):
                    raise
                self._tags, self._absent = frozenset(), True
            self._releases = {}
            for tag in sorted(self._tags):
                if (tagged := read_tag(tag)) is not None:
                    self._releases.setdefault(tagged.release, []).append(tagged)
        return self._tags

    def releases(self) -> tuple[Digest, ...]:
        """The digests of all releases, sorted."""
        self.listed()
        return tuple(sorted(self._releases))

    def pins(self) -> frozenset[Digest]:
        """The releases that have a pin."""
        return frozenset(digest for tag in self.listed() if (digest := read_pin(tag)) is not None)

    def of(self, digest: Digest) -> tuple[Tagged, ...]:
        """The tags of a release, sorted."""
        self.listed()
        return tuple(self._releases.get(digest, ()))

    def artifacts(self, digest: Digest, *, anew: bool = False) -> tuple[Artifact, ...]:
        """What the tags of a release lead to; those that are gone since they were listed are passed over.

        Raises as ``sound``.
        """
        return tuple(artifact for _, artifact in self.sound(digest, anew=anew) if artifact is not None)

    def sound(self, digest: Digest, *, anew: bool = False) -> tuple[tuple[Tagged, Artifact | None], ...]:
        """The tags of a release, each with what it leads to; None where it is gone.

        What is no release (TB9162), or was moved (TB9161), is passed over where another tag leads to one: whoever may
        only push takes no release away so. Raises as ``read_artifact``.
        """
        found, others = [], []
        for tagged in self.of(digest):
            try:
                found.append((tagged, self.artifact(tagged, anew=anew)))
            except IntegrityError as error:
                others.append(error)
        if others and not any(artifact for _, artifact in found):
            raise others[0]
        self._passed[digest] = tuple(finding for error in others for finding in error.findings)
        return tuple(found)

    def passed_over(self, digest: Digest) -> tuple[Finding, ...]:
        """What is the matter with the tags of a release that ``sound`` passed over."""
        return self._passed.get(digest, ())

    def records(self, digest: Digest) -> tuple[tuple[ArchivedRelease, ...], tuple[Finding, ...]]:
        """What the tags of a release say of it, and what is the matter with those that say nothing.

        Raises what is the matter where all say nothing.
        """
        found, others = [], []
        for tagged in self.of(digest):
            try:
                content = self.content(tagged)
                if content is not None:
                    found.append(self.decoded(tagged, content))
            except (IntegrityError, UsageError) as error:
                others.append(error)
        if others and not found:
            raise others[0]
        return tuple(found), tuple(finding for error in others for finding in error.findings)

    def content(self, tagged: Tagged) -> bytes | None:
        """The bytes of the record that a tag names; None where the tag is gone. Raises IntegrityError TB9110."""
        if (known := self.remembered(tagged)) is not None:
            return known
        artifact = self.artifact(tagged)
        if artifact is None:
            return None
        try:
            return self._blobs.read(artifact.record.digest, limit=_LARGEST)
        except IntegrityError as error:
            raise lost(tagged.release, error.findings[0].message) from error

    def remembered(self, tagged: Tagged) -> bytes | None:
        """The bytes of the record of a tag, where the store has them; where the tag leads says nothing of that."""
        if tagged.record is not None and self._store.has(tagged.record):
            with contextlib.suppress(IntegrityError):  # a damaged copy: the registry has the record
                return self._store.read(tagged.record, limit=_LARGEST)
        return None

    def decoded(self, tagged: Tagged, content: bytes) -> ArchivedRelease:
        """The record of a tag. Raises IntegrityError TB9111, TB9161, UsageError TB9112."""
        release = decode_archived(content, name=tagged.tag)
        if release.digest != tagged.release:
            raise moved(self._repository, tagged, f"the record of the release {release.digest}")
        self._blobs.know(release)
        return release

    def artifact(self, tagged: Tagged, *, anew: bool = False) -> Artifact | None:
        """What a tag leads to; None where it is gone. Raises as ``read_artifact``."""
        found = None if anew else self._known.get(tagged.tag)
        if found is None:
            found = read_artifact(self._client, self._repository, tagged)
            if found is not None:
                self._known[tagged.tag] = found
                self._blobs.say([(found.record.digest, found.record.size)])
        return found


def lost(digest: Digest, why: str) -> IntegrityError:
    """TB9110: nothing says any more what belongs to a release."""
    return IntegrityError.of(
        "TB9110",
        f"the record of the release {digest} is lost: {why}",
        hint="archive the release again, or export it from another archive to this one",
        where=str(digest),
    )
