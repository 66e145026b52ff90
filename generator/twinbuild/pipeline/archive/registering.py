"""Archives in registries: opened with this machine's logins and settings, and releases on their way there and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from twinbuild.archive.artifact import BLOB
from twinbuild.archive.directory import Archive
from twinbuild.archive.registry import RegistryArchive
from twinbuild.archive.streams import Anew
from twinbuild.archive.summaries import Faults, readable, refuse_unreadable, releases
from twinbuild.errors import FetchError, Finding, IntegrityError, Location, UsageError
from twinbuild.model.archive import REBUILD, ArchivedRelease, Kept
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.reference import ImageReference
from twinbuild.model.settings import OCI_SCHEME
from twinbuild.pipeline.archive.locked import unlike_lock
from twinbuild.pipeline.archive.moving import Imported
from twinbuild.pipeline.archive.recording import keep_record
from twinbuild.pipeline.archive.verifying import faults_of, named_faults, unlike_release
from twinbuild.pipeline.images.registries import open_registry
from twinbuild.pipeline.images.transfer import Meter, known_repositories, move
from twinbuild.pipeline.machine import Machine
from twinbuild.ports import ReleaseArchive

__all__ = [
    "Registered",
    "at_hand",
    "import_into",
    "open_registered",
    "pull_releases",
    "push_releases",
    "repository_of",
]

_LAYERS: Final = "image/blobs/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """How many releases a repository has now of those that were meant; the blobs and bytes that were sent for it."""

    releases: int
    blobs: int
    size: int


def repository_of(text: str) -> ImageReference:
    """The repository of ``oci://REGISTRY/REPOSITORY``. Raises UsageError TB9144 for a tag or digest behind it."""
    reference = ImageReference.parse(text.removeprefix(OCI_SCHEME))
    if reference.tag or reference.digest is not None:
        raise UsageError.of(
            "TB9144",
            f"got {text[:200]!r}, expected a repository without tag and digest",
            hint="write oci://REGISTRY/REPOSITORY: each release gets a tag of its own there",
            where=text[:200],
        )
    return reference


@contextmanager
def open_registered(place: str, machine: Machine, *, writing: bool = False) -> Iterator[RegistryArchive]:
    """The archive at ``oci://REGISTRY/REPOSITORY``, made with what is written first.

    Mirrors are not asked: what they say of tags may be old. Raises UsageError TB9101, TB9144 and what
    ``RegistryClient`` raises.
    """
    repository = repository_of(place)
    with open_registry(replace(machine, settings=replace(machine.settings, mirrors=()))) as client:
        yield RegistryArchive(
            client,
            repository,
            machine.store,
            writing=writing,
            mounts=partial(known_repositories, machine.store, repository),
        )


@contextmanager
def at_hand(
    archive: ReleaseArchive, chosen: Sequence[Kept], machine: Machine, *, layers: bool = True
) -> Iterator[Archive]:
    """An archive in a directory with those releases: itself, or one that goes again, fetched from the registry.

    Without ``layers`` it is there to be built from: it lacks what the images consist of, which is made anew, and what
    the registry lost that building does without. Nothing comes from anywhere else than the archive. Raises as
    ``pull_releases``.
    """
    if isinstance(archive, Archive):
        yield archive
        return
    assert isinstance(archive, RegistryArchive), "there are two kinds of archives"
    with _scratch(machine) as local:
        pull_releases(local, archive, machine, chosen, layers=layers)
        yield local


@contextmanager
def _scratch(machine: Machine) -> Iterator[Archive]:
    machine.scratch.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(prefix="archive-", dir=machine.scratch) as place,
        Archive(Path(place, "archive"), writing=True) as local,
    ):
        yield local


def push_releases(archive: Archive, chosen: Iterable[Kept], target: RegistryArchive, machine: Machine) -> Registered:
    """Have releases in a repository; what it has already is not sent.

    Raises what ``RegistryClient`` raises, and IntegrityError for damaged blobs, TB9162, TB9164 for what is there.
    """
    sent: list[int] = []
    for kept in (ordered := sorted(chosen, key=lambda each: each.release)):
        release = archive.release(kept)
        with named_faults(release):
            blobs = tuple(_described(archive, digest) for digest in sorted(release.blobs))
        meter = Meter(machine.progress, f"sending {release.label}", sum(blob.size for blob in blobs))

        def one(blob: Descriptor, meter: Meter = meter) -> int:
            new = target.bring(blob.digest, blob.size, partial(archive.blobs.open, blob.digest))
            meter.at(blob.digest, blob.size)
            return blob.size if new else -1

        with named_faults(release):
            sent += move(blobs, one, connections=machine.settings.connections, stop=target.stop)
        keep_record(target, release, foreign=True)
    new = [size for size in sent if size >= 0]
    return Registered(releases=len(ordered), blobs=len(new), size=sum(new))


def import_into(target: ReleaseArchive, machine: Machine, receive: Callable[[Archive], Imported]) -> Imported:
    """Have what ``receive`` brings into a directory in an archive; in a registry's by way of one that goes again."""
    if isinstance(target, Archive):
        return receive(target)
    assert isinstance(target, RegistryArchive), "there are two kinds of archives"
    with _scratch(machine) as local:
        found = receive(local)
        before = frozenset(target.names())
        sent = push_releases(local, releases(local), target, machine)
    return replace(found, known=sum(each.digest in before for each in found.releases), brought=sent.blobs)


def pull_releases(
    archive: Archive,
    source: RegistryArchive,
    machine: Machine,
    chosen: Sequence[Kept] = (),
    *,
    layers: bool = True,
    faults: Faults | None = None,
) -> Imported:
    """Take releases of a repository (all of them, unless some are chosen) into an archive, and nothing twice.

    Nothing of a registry is believed: every blob must have its digest, and a release is named only when all of it is
    there and its record fits its tag and its release manifest. Raises IntegrityError TB9113 for every blob that the
    registry has lost, TB9114 for damaged ones, TB9115, TB9161, TB9162, before any is named; of all of them into
    ``faults``, where that is given. Raises FetchError TB9163 where it fails to answer.
    """
    brought = 0
    unreadable: Faults = {} if faults is None else faults

    def pulled(kept: Kept) -> ArchivedRelease:
        nonlocal brought
        release = source.release(kept)
        left = frozenset() if layers else _made_anew(release)
        blobs = tuple(blob for blob in source.descriptors(kept) if blob.digest not in left)
        brought += _fetch(archive, source, release, blobs, machine, required=None if layers else _required(release))
        if findings := unlike_release(archive, release) or unlike_lock(archive, release):
            raise IntegrityError(tuple(findings))
        return release

    found = list(map(pulled, chosen) if chosen else readable(source, pulled, unreadable))
    if faults is None:
        refuse_unreadable(unreadable)
    known = sum(keep_record(archive, release, foreign=True)[2] for release in found)
    return Imported(releases=tuple(found), known=known, brought=brought)


def _fetch(
    archive: Archive,
    source: RegistryArchive,
    release: ArchivedRelease,
    blobs: tuple[Descriptor, ...],
    machine: Machine,
    *,
    required: frozenset[Digest] | None,
) -> int:
    meter = Meter(machine.progress, f"fetching {release.label}", sum(blob.size for blob in blobs))
    problems: dict[Digest, tuple[str, str]] = {}

    def one(blob: Descriptor) -> bool:
        if archive.blobs.intact(blob.digest, blob.size):
            return False
        try:
            new = source.fetch(blob, Anew(archive.blobs), meter.part(blob.digest))
        except FetchError as error:
            if error.findings[0].code != "TB3203":
                raise _blocked(release, blob.digest, error) from error
            problems[blob.digest] = ("TB9113", f"is missing from {source.place}")
            return False
        except IntegrityError as error:
            problems[blob.digest] = ("TB9114", f"is damaged in {source.place}: {error.findings[0].message}")
            return False
        meter.at(blob.digest, blob.size)
        return new

    brought = sum(move(blobs, one, connections=machine.settings.connections, stop=source.stop))
    if lost := {digest: why for digest, why in problems.items() if required is None or digest in required}:
        raise IntegrityError(tuple(faults_of(release, lost)))
    return brought


def _required(release: ArchivedRelease) -> frozenset[Digest]:
    """What a release cannot be built without."""
    return frozenset({release.digest, *(digest for digest, _, _, blocked in release.needs() if blocked == REBUILD)})


def _made_anew(release: ArchivedRelease) -> frozenset[Digest]:
    """What nothing but the images needs."""
    needed = {digest for digest, _, what, _ in release.needs() if not what.startswith(_LAYERS)}
    return frozenset(file.sha256 for file in release.files if file.sha256 not in needed)


def _blocked(release: ArchivedRelease, digest: Digest, error: FetchError) -> FetchError:
    """The registry does not answer: what it was asked for, and what that blocks."""
    what, blocks = next((what, blocks) for each, _, what, blocks in release.needs() if each == digest)
    finding = Finding(
        code="TB9163",
        message=f"{what} of {release.label} could not be fetched: it blocks {blocks}",
        hint="see what the registry answered, and run the command again",
        where=Location(subject=str(digest)),
    )
    return FetchError((finding, *error.findings))


def _described(archive: Archive, digest: Digest) -> Descriptor:
    return Descriptor(media_type=BLOB, digest=digest, size=archive.blobs.size(digest))
