"""An archive in a repository of an OCI registry. What lies there, and under which tags: see ``artifact``.

A registry has no locks and no transactions, so nothing here needs one. Blobs and manifests are named by their digests,
and so are the tags: whatever two processes write at once, both is there afterwards, and who reads joins what several
records say of one release. Blobs go before the manifest that names them, and the tag comes last.

Who takes something out has no lock either, so each looks again behind what it did. What adds a release counts on blobs
that it saw there: when the manifest names them, and nobody collects them any more, it looks for each of them again, and
sends again what went meanwhile. What takes a release out looks for a pin right before, and again behind it: then it
puts the release back. A pin looks for its release when it is there. Of two such steps one comes first, and the other
sees it.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Final

from twinbuild.archive.artifact import (
    BLOB,
    PIN,
    REASON,
    RELEASE,
    Tagged,
    pin_manifest,
    pin_tag,
    release_tag,
)
from twinbuild.archive.joining import joined
from twinbuild.archive.presence import Presence
from twinbuild.archive.remote import RegistryBlobs, is_absent, is_unreadable, moved
from twinbuild.archive.streams import Nowhere, Source
from twinbuild.archive.tagged import TaggedReleases, lost
from twinbuild.archive.withdrawing import present, put_back, went, withdraw
from twinbuild.codec.amounts import counted
from twinbuild.codec.archive import decode_archived, encode_archived
from twinbuild.errors import FetchError, Finding, IntegrityError, TwinbuildError
from twinbuild.model.archive import ArchivedRelease, Kept, Taken
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.reference import ImageReference
from twinbuild.model.settings import OCI_SCHEME
from twinbuild.net.registry.document import FetchedManifest, parts_of
from twinbuild.net.registry.upload import Sent
from twinbuild.oci.image import MANIFEST
from twinbuild.ports import BlobSink, Progress, Store, silent

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.net.registry.client import RegistryClient

__all__ = ["RegistryArchive"]

_MEMORY: Final = "archive-summaries"  # the kind of record of the store
_ASKING: Final = 4  # questions at a time
_EMPTY: Final = b"{}"


class RegistryArchive:
    """Implements ``ports.ReleaseArchive`` in a repository. ``store`` keeps what was fetched to be read.

    ``mounts`` says which other repositories of the registry may have a blob. Raises UsageError TB9101 where the
    registry has no such repository, unless it is for ``writing``; all methods raise what ``RegistryClient`` raises.
    """

    def __init__(
        self,
        client: RegistryClient,
        repository: ImageReference,
        store: Store,
        *,
        writing: bool = False,
        mounts: Callable[[Digest], Sequence[str]] = lambda _: (),
    ) -> None:
        self._client, self._store, self._mounts = client, store, mounts
        self.repository: Final = repository
        self.place: Final = f"{OCI_SCHEME}{repository.name}"
        self.blobs: Final = RegistryBlobs(client, repository, store)
        self._tags: Final = TaggedReleases(client, repository, store, self.blobs)
        self._texts: dict[Digest, bytes] = {}  # records that were joined here
        self._others: dict[Digest, tuple[Finding, ...]] = {}
        self._brought: dict[Digest, tuple[int, Callable[[], BinaryIO]]] = {}  # size, and where it comes from
        if not writing:
            self._tags.require()

    def stop(self) -> None:
        """Wake those who wait for the registry: no more is asked of it."""
        self._client.http.stop()

    def names(self) -> tuple[Digest, ...]:
        """The digests of all releases, sorted; of those that are pinned, whether they are there or not."""
        return tuple(sorted({*self._tags.releases(), *self._tags.pins()}))

    def kept(self, digest: Digest) -> Kept | None:
        """A release by its digest. What several tags say of it is joined; ``beside`` has those that say nothing.

        Raises IntegrityError TB9110, TB9111; TB9165 for one that is pinned and gone.
        """
        tags = self._tags.of(digest)
        if not tags and digest in self._tags.pins():
            raise went(self.repository, digest)
        if len(tags) == 1 and tags[0].record is not None:
            return Kept(release=digest, record=tags[0].record)
        records, self._others[digest] = self._tags.records(digest)
        if not records:
            return None
        whole, *others = sorted(records, key=lambda each: (each.added, Digest.of(encode_archived(each))))
        for other in others:
            whole = joined(self.blobs, whole, other, replaces=False, tool=True)
        content = encode_archived(whole)
        record = Digest.of(content)
        self._texts[record] = content
        return Kept(release=digest, record=record)

    def beside(self, digest: Digest) -> tuple[Finding, ...]:
        """What is the matter with tags of a release that others say enough of: anybody may have left them."""
        return tuple(dict.fromkeys((*self._others.get(digest, ()), *self._tags.passed_over(digest))))

    def content(self, kept: Kept) -> bytes:
        """The bytes of a release's record, checked. Raises IntegrityError TB9110 where they are lost."""
        if (text := self._texts.get(kept.record)) is not None:
            return text
        for tagged in self._tags.of(kept.release):
            if tagged.record == kept.record and (content := self._tags.content(tagged)) is not None:
                return content
        raise lost(kept.release, "its tag is gone")

    def release(self, kept: Kept, *, anew: bool = False) -> ArchivedRelease:
        """The record of a release; ``anew``: its tags and artifacts are looked at, too.

        Raises IntegrityError TB9110, TB9111, TB9161; anew TB9162 where an artifact lacks what the record names.
        """
        release = decode_archived(self.content(kept), name=str(kept.record))
        if release.digest != kept.release:
            tagged = Tagged(tag=release_tag(kept.release, kept.record), release=kept.release, record=kept.record)
            raise moved(self.repository, tagged, f"the record of the release {release.digest}")
        if anew:
            self._require_covered(release)
        self.blobs.know(release)
        return release

    def records(self, kept: Kept) -> frozenset[Digest]:
        """The blobs of its records, as many as there are tags."""
        return frozenset(artifact.record.digest for artifact in self._tags.artifacts(kept.release))

    def missing(self, digests: Iterable[Digest]) -> frozenset[Digest]:
        """Those that are neither in the registry nor here."""
        asked = sorted(set(digests))
        with ThreadPoolExecutor(_ASKING) as pool:
            return frozenset(
                digest for digest, there in zip(asked, pool.map(self.blobs.has, asked), strict=True) if not there
            )

    def fault(self, digest: Digest) -> tuple[tuple[str, str] | None, int]:
        """What is the matter with a blob, which is fetched whole, hashed and thrown away; and its size in bytes."""
        sink = Nowhere()
        try:
            self.blobs.fetch(digest, sink)
        except FetchError as error:
            if not is_absent(error):
                raise
            return ("TB9113", "is missing"), 0
        except IntegrityError as error:
            return ("TB9114", f"is damaged: {error.findings[0].message}"), sink.received
        return None, sink.received

    def fetch(self, blob: Descriptor, store: BlobSink, progress: Progress = silent) -> bool:
        """Have a blob of the repository in a store; see ``RegistryClient.fetch_blob``."""
        return self._client.fetch_blob(self.repository, blob, store, progress)

    def descriptors(self, kept: Kept) -> tuple[Descriptor, ...]:
        """All blobs of a release but its record, sorted. Raises as ``release`` does anew."""
        release = self.release(kept, anew=True)
        return tuple(
            Descriptor(media_type=BLOB, digest=digest, size=self.blobs.sizes[digest])
            for digest in sorted(release.blobs)
        )

    def unneeded(self, needed: frozenset[Digest]) -> tuple[int, int]:
        """How many blobs releases of this archive name that are not needed, and their bytes."""
        found: dict[Digest, int] = {}
        for digest in self.names():
            for artifact in self._tags.artifacts(digest):
                found |= {blob.digest: blob.size for blob in (artifact.record, *artifact.layers)}
        sizes = [size for digest, size in found.items() if digest not in needed]
        return len(sizes), sum(sizes)

    def bring(self, digest: Digest, size: int, opened: Callable[[], BinaryIO]) -> bool:
        """Have a blob in the repository: mounted, or sent where the registry lacks it. Raises IntegrityError TB3101."""
        blob = Descriptor(media_type=BLOB, digest=digest, size=size)
        how = self._client.push_blob(self.repository, blob, Source(opened), mount_from=self._mounts(digest))
        self.blobs.say([(digest, size)])
        self._brought[digest] = size, opened
        return how is Sent.UPLOADED

    def keep(self, record: ArchivedRelease, *, foreign: bool = False) -> tuple[ArchivedRelease, Kept, bool]:
        """Name a release, under a tag that says what it leads to. Nothing that is there is replaced.

        Its tag can lead to nothing else: one that was moved is put back. Raises IntegrityError TB9164 where a blob that
        was there is gone; EnvironmentFault TB9166 where others take away again and again what is sent.
        """
        self._tags.forget()
        kept = None
        try:
            kept = self.kept(record.digest)
            earlier = self.release(kept, anew=True) if kept is not None else None
        except IntegrityError:
            earlier = None  # what it said is lost, and said again now
        whole = record if earlier is None else joined(self.blobs, earlier, record, replaces=False, tool=not foreign)
        known = kept if kept is not None and whole == earlier else None
        found = known or self._name(whole)
        for other in self._moved_from(record):
            if other != whole or known is not None:
                self._name(other)
        return whole, found, known is not None

    def _moved_from(self, record: ArchivedRelease) -> tuple[ArchivedRelease, ...]:
        """Of what was archived of a release under tags that lead elsewhere now: this record, and what is remembered."""
        content = encode_archived(record)
        found = []
        for tagged in self._tags.of(record.digest):
            try:
                self._tags.artifact(tagged, anew=True)
            except IntegrityError:
                said = content if tagged.record == Digest.of(content) else self._tags.remembered(tagged)
                found += [decode_archived(said, name=tagged.tag)] if said is not None else []
        return tuple(each for each in found if each.digest == record.digest)

    def _name(self, whole: ArchivedRelease) -> Kept:
        """Name what a record says, with all of it there."""
        self.blobs.know(whole)
        self.blobs.say((digest, size) for digest, (size, _) in self._brought.items())
        presence = Presence(self._client, self.repository, self._brought, self.bring)
        presence.require(whole.blobs - self._brought.keys(), self.blobs.sizes, whole)
        content = encode_archived(whole)
        digest = Digest.of(content)
        self.bring(digest, len(content), partial(io.BytesIO, content))
        described = Descriptor(media_type=BLOB, digest=digest, size=len(content))
        presence.named(whole, described, self.blobs.sizes)
        self._tags.forget()
        self._texts[digest] = content
        return Kept(release=whole.digest, record=digest)

    @contextlib.contextmanager
    def updating(self) -> Iterator[None]:
        """A registry has no locks. What is said of a release here is only ever added, so none is needed for it."""
        yield

    def pin(self, digest: Digest, reason: str) -> None:
        """Never prune a release.

        Who takes it out at that moment puts it back, unless it is killed; so this does, too. Raises IntegrityError
        TB9165 where files of it went meanwhile.
        """
        self._tags.forget()
        before = present(self._client, self.repository, self._tags, digest)
        empty = Digest.of(_EMPTY)
        self.bring(empty, len(_EMPTY), partial(io.BytesIO, _EMPTY))
        self._client.put_manifest(self.repository.tagged(pin_tag(digest)), pin_manifest(digest, reason), MANIFEST)
        self._tags.forget()
        if not self._tags.of(digest):
            put_back(self._client, self.repository, before, digest)
            self._tags.forget()
        if not self._tags.of(digest):
            raise went(self.repository, digest)

    def unpin(self, digest: Digest) -> None:
        """Let a release be pruned again. Raises FetchError TB9160 where the registry deletes nothing.

        To delete a manifest deletes all its tags. So raises IntegrityError TB9161 where the tag of the pin leads to
        what is none of this release: who may only move tags would have another release deleted by who may delete.
        """
        found = self._client.own_manifest(self.repository.tagged(pin_tag(digest)))
        if found is not None:
            note = _note(found)
            if note is None or note.get(RELEASE) != str(digest):
                tagged = Tagged(tag=pin_tag(digest), release=digest, record=None)
                raise moved(self.repository, tagged, f"the manifest {found.digest}, which pins no such release")
            self._client.delete_manifest(self.repository, found.digest)
        self._tags.forget()

    def pinned(self, digest: Digest) -> str | None:
        """Why a release is never pruned; None where it may be."""
        if pin_tag(digest) not in self._tags.listed():
            return None
        try:
            found = self._client.own_manifest(self.repository.tagged(pin_tag(digest)))
            if found is None:
                return None
            note = _note(found)
        except (IntegrityError, FetchError) as error:
            if not is_unreadable(error):
                raise
            note = None  # whoever wrote it meant something by it
        return "a damaged note" if note is None else note.get(REASON, "a damaged note")

    def take_out(self, going: Sequence[Digest], *, wait: float = 10.0) -> Taken:  # noqa: ARG002  nobody is waited for
        """Delete the tags and manifests of releases that were not pinned since.

        Their blobs are the registry's to collect: it counts as gone what no release that stays names. Raises FetchError
        TB9160 where the registry deletes nothing, TB3220 where it would not; IntegrityError TB9165 for a release that
        was pinned as it went, and cannot be put back.
        """
        self._tags.forget()
        before = {digest: self._named(digest) for digest in self.names()}
        if beside := tuple(finding for digest in before for finding in self._unread(digest)):
            raise IntegrityError(beside)
        out = tuple(digest for digest in going if self._taken_out(digest))
        self._tags.forget()
        staying = {digest for each in before if each not in out for digest in before[each]}
        sizes = {digest: size for each in out for digest, size in before.get(each, {}).items() if digest not in staying}
        return Taken(releases=out, blobs=len(sizes), size=sum(sizes.values()))

    def _unread(self, digest: Digest) -> tuple[Finding, ...]:
        said = self._tags.records(digest)[1] if len(self._tags.of(digest)) > 1 else ()
        return tuple(dict.fromkeys((*said, *self._tags.passed_over(digest))))  # a record that is remembered hides none

    def _named(self, digest: Digest) -> dict[Digest, int]:
        """The blobs that the artifacts of a release name, and their sizes."""
        artifacts = self._tags.artifacts(digest)
        return {blob.digest: blob.size for each in artifacts for blob in (each.record, *each.layers)}

    def _taken_out(self, release: Digest) -> bool:
        """Delete the manifests of a release, unless it is pinned; whether it is gone."""
        self._tags.forget()
        if self.pinned(release) is not None:
            return False
        gone = withdraw(self._client, self.repository, self._tags, release)
        self._tags.forget()
        if self.pinned(release) is None:
            return True
        put_back(self._client, self.repository, gone, release)
        return False

    def remembered(self) -> bytes | None:
        """What was remembered last, in the store."""
        return self._store.record(_MEMORY, Digest.of(self.place.encode()))

    def remember(self, content: bytes) -> None:
        """Remember something, where the store can be written."""
        with contextlib.suppress(TwinbuildError):
            self._store.put_record(_MEMORY, Digest.of(self.place.encode()), content)

    def _require_covered(self, release: ArchivedRelease) -> None:
        """Every blob of a release is a layer of an artifact, as long as the record says: a registry keeps such only."""
        layers: dict[Digest, int] = {}
        for artifact in self._tags.artifacts(release.digest, anew=True):
            layers |= {layer.digest: layer.size for layer in artifact.layers}
            self.blobs.say([(artifact.record.digest, artifact.record.size)])
        lacking = sorted(release.blobs - layers.keys())
        other = sorted(digest for digest, size, _, _ in release.needs() if size not in (-1, layers.get(digest, size)))
        if lacking or other:
            digest = (lacking or other)[0]
            why = f"says other sizes of {counted(len(other), 'file')}"
            why = f"does not name {len(lacking)} of its files" if lacking else why
            raise IntegrityError.of(
                "TB9162",
                f"the artifact of {release.label} {why}, such as {digest}",
                hint="archive the release again: a registry may delete what no manifest names",
                where=str(release.digest),
            )
        self.blobs.say(layers.items())


def _note(found: FetchedManifest) -> dict[str, str] | None:
    """What a note of a pin says; None for what is none."""
    parts = parts_of(found) if not found.is_index else None
    return dict(parts.annotations) if parts is not None and parts.artifact_type == PIN else None
