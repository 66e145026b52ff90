"""An archive in a directory. It is laid out as a store is, and says in its file ``version`` that it is an archive.

::

    version                          "twinbuild archive 1"
    v1/blobs/sha256/ab/<62 more>     every file of every release, once, mode 0444
    v1/records/release/ab/<62 more>  by release digest: the digest of the release's record, which is a blob
    v1/records/pin/ab/<62 more>      by release digest: why it is never pruned
    v1/roots/release-<64>            by release digest: the blobs that the release needs
    v1/roots/adding-<64>             the same, of one whose entry is being written
    v1/lock  v1/gc.lock  v1/tmp/     as in a store
    v1/updating.lock                 who writes a record holds it
    v1/summaries                     what a list says, a cache (``summaries``)

So blobs are written, verified as they are read, and locked against deletion by the same code, which was attacked the
same way. What a release is, its record says; the root follows from it. Until the entry is there it has another name: so
a root without an entry is a loss, and never what somebody left who was killed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Final, Self

from twinbuild.archive.collecting import ADDING, ROOT, collect, unprotect
from twinbuild.archive.joining import joined
from twinbuild.archive.turn import HINTS, Turn
from twinbuild.codec.archive import decode_archived, encode_archived
from twinbuild.errors import EnvironmentFault, Finding, IntegrityError, Location, TwinbuildError, UsageError
from twinbuild.model.archive import ArchivedRelease, Kept, Taken
from twinbuild.model.digest import Digest
from twinbuild.store import layout
from twinbuild.store.disk import DiskStore
from twinbuild.store.faults import translated

__all__ = ["FORM", "RELEASE", "Archive", "Kept"]

_AGAIN: Final = "archive the release again, or copy the file from another copy of the archive"
RELEASE: Final = "release"
_PIN: Final = "pin"
FORM: Final = layout.Form(
    name="archive",
    version=b"twinbuild archive 1\n",
    lasting=(RELEASE, _PIN),
    hints=(
        ("TB3102", _AGAIN),
        ("TB3103", _AGAIN),
        ("TB3104", f"find out who put it there; {_AGAIN}"),
        ("TB3105", "correct its rights, or check the disk; `twinbuild archive verify` says what else it concerns"),
        (
            "TB3107",
            "make room on the disk of the archive, and run the command again: what is there is not copied twice",
        ),
        ("TB3108", "correct its rights, or name another directory with --archive"),
    ),
)
_HEX: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LARGEST: Final = 64 << 20  # bytes of a record
_SUMMARIES: Final = "v1/summaries"
_LONGEST: Final = 256 << 20  # bytes of what is remembered
_PIECE: Final = 1 << 20


class Archive:
    """Implements ``ports.ReleaseArchive`` in a directory.

    ``writing``: it is made where it is not there; otherwise it may lie where nothing can be written.
    One that is only read may be anybody's, and so may its memory of what was hashed: there each blob is hashed anew,
    as it is for ``paranoid``.

    Raises UsageError TB9101 where no archive is, EnvironmentFault TB9102 where it cannot be used, and what the store's
    methods raise.
    """

    def __init__(self, root: Path, *, writing: bool = False, paranoid: bool = False) -> None:
        _refuse_foreign(root, writing=writing)
        self.path: Final = root
        self.place: Final = str(root)
        try:
            self.blobs: Final = DiskStore(root, form=FORM, reading=not writing, paranoid=paranoid or not writing)
        except EnvironmentFault as error:
            found = error.findings[0]
            hint = HINTS.get(found.code, "correct its rights, or name another directory with --archive")
            message = f"the archive cannot be used: {found.message}"
            raise EnvironmentFault.of("TB9102", message, hint=hint, where=str(root)) from error
        self._turn: Final = Turn(self.blobs.area)

    def close(self) -> None:
        """Let go of it."""
        self.blobs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def names(self) -> tuple[Digest, ...]:
        """The digests of all releases, sorted, whether their entries are sound, damaged or lost.

        One whose blobs are kept, or which is pinned, had an entry: half a copy has lost it.
        """
        roots = {name.removeprefix(ROOT) for name in self.blobs.kept(ROOT)}
        rooted = {Digest(name) for name in roots if _HEX.fullmatch(name)}
        return tuple(sorted({*self._named(RELEASE), *self._named(_PIN), *rooted}))

    def kept(self, digest: Digest) -> Kept | None:
        """A release by its digest, or None where there is none.

        Raises IntegrityError TB9110 for an entry that is damaged, or lost.
        """
        entry, *others = (
            layout.record_name(RELEASE, digest),
            f"{layout.ROOTS}/{_root(digest)}",
            layout.record_name(_PIN, digest),
        )
        for _ in range(2):  # whoever adds it meanwhile writes the entry before the root
            record = self._entry(digest)
            if record is not None:
                return Kept(release=digest, record=record)
            status = self.blobs.area.status
            is_there = status(entry) is not None
            if not is_there and all(status(name) is None for name in others):
                return None
        raise IntegrityError((_damaged(digest) if is_there else _lost(digest),))

    def beside(self, digest: Digest) -> tuple[Finding, ...]:  # noqa: ARG002  a release has one entry
        """Nothing: a release has one entry."""
        return ()

    def content(self, kept: Kept) -> bytes:
        """The bytes of a release's record, checked. Raises IntegrityError TB9110 where they are missing or damaged."""
        try:
            return self.blobs.read(kept.record, limit=_LARGEST)
        except TwinbuildError as error:
            raise IntegrityError.of(
                "TB9110",
                f"the record of the release {kept.release} is lost: {error.findings[0].message}",
                hint="archive the release again, or take the archive from a copy that is whole",
                where=str(kept.record),
            ) from error

    def release(self, kept: Kept, *, anew: bool = False) -> ArchivedRelease:  # noqa: ARG002  it is always read
        """The record of a release. Raises IntegrityError TB9110, TB9111, UsageError TB9112."""
        release = decode_archived(self.content(kept), name=str(kept.record))
        if release.digest != kept.release:
            raise IntegrityError((_damaged(kept.release),))
        return release

    def updating(self) -> AbstractContextManager[None]:
        """Nobody else changes what is said of a release in the body: who adds reads the record, and writes it anew."""
        return self._turn.taken()

    def put(self, release: ArchivedRelease) -> Kept:
        """Keep a release whose blobs are all there. A root comes first, so that its blobs are never unprotected."""
        record = self.blobs.put(encode_archived(release))
        adding = f"{ADDING}{release.digest.hex}" if self._entry(release.digest) is None else _root(release.digest)
        self.blobs.keep(adding, (record, *release.blobs))
        self.blobs.put_record(RELEASE, release.digest, str(record).encode())
        if adding != _root(release.digest):
            self.protect(release, record)
            self.blobs.unkeep(adding)
        return Kept(release=release.digest, record=record)

    def protect(self, release: ArchivedRelease, record: Digest) -> None:
        """Write the root that follows from a record; nothing where it stands there."""
        self.blobs.keep(_root(release.digest), (record, *release.blobs))

    def keep(self, record: ArchivedRelease, *, foreign: bool = False) -> tuple[ArchivedRelease, Kept, bool]:
        """Keep a release, joined with what the archive says of it already; see ``ports``.

        Its signatures replace those that are there, unless it is ``foreign``, which also brings no tool.
        """
        with self.updating():
            try:
                kept = self.kept(record.digest)
                earlier = self.release(kept) if kept is not None else None
            except IntegrityError:
                earlier = None  # what it said is lost, and said again now
            whole = (
                record
                if earlier is None
                else joined(self.blobs, earlier, record, replaces=not foreign, tool=not foreign)
            )
            return whole, self.put(whole), whole == earlier

    def records(self, kept: Kept) -> frozenset[Digest]:
        """The blob of the record."""
        return frozenset({kept.record})

    def missing(self, digests: Iterable[Digest]) -> frozenset[Digest]:
        """Those of them that are not there."""
        return frozenset(digest for digest in digests if not self.blobs.has(digest))

    def fault(self, digest: Digest) -> tuple[tuple[str, str] | None, int]:
        """What is the matter with a blob, hashed anew whatever its status says; and its size in bytes.

        A damaged one is no longer taken for one that was hashed, so that whoever adds it again replaces it.
        """
        if self.blobs.area.status(layout.blob_name(digest)) is None:
            return ("TB9113", "is missing"), 0
        size = 0
        try:
            with self.blobs.open(digest) as stream:
                while chunk := stream.read(_PIECE):  # the last read compares the digest
                    size += len(chunk)
        except TwinbuildError as error:
            why = f"is damaged: {error.findings[0].message}"
        except OSError as error:
            why = f"cannot be read: {error.strerror or error}"
        else:
            return None, size
        with contextlib.suppress(OSError):
            self.blobs.area.files.remove(layout.record_name(layout.VERIFIED, digest))
        return ("TB9114", why), size

    def unneeded(self, needed: frozenset[Digest]) -> tuple[int, int]:
        """How many blobs lie there besides those that are needed, and their bytes."""
        sizes = [self.blobs.size(digest) for digest in self.blobs.blobs() if digest not in needed]
        return len(sizes), sum(sizes)

    def bring(self, digest: Digest, size: int, opened: Callable[[], BinaryIO]) -> bool:
        """Have a blob; whether its bytes had to be copied. Raises IntegrityError TB3101."""
        if self.blobs.intact(digest, size):
            return False
        with opened() as source, self.blobs.writer() as sink:
            while chunk := source.read(_PIECE):
                sink.write(chunk)
            sink.commit(digest)
        return True

    def take_out(self, going: Sequence[Digest], *, wait: float = 10.0) -> Taken:
        """Take out the releases that were not pinned since, and the blobs that no other needs.

        Raises IntegrityError TB9110 where blobs are kept for a release that has lost its entry, and what is the matter
        with a release that stays and cannot be read: nothing goes then.
        Raises EnvironmentFault TB9141 while another process uses the archive; then the releases are out, and the
        blobs go with the next run.
        """
        with self.updating():
            out = tuple(digest for digest in going if self.pinned(digest) is None)
            staying = [kept for digest in self.names() if digest not in out and (kept := self.kept(digest))]
            for kept in staying:
                self.protect(self.release(kept), kept.record)  # what follows from the records, whatever became of it
            for digest in out:  # behind all that may refuse
                self.drop(digest)
            unprotect(self.blobs, tuple(kept.release for kept in staying))
        return collect(self.blobs, out, place=self.place, wait=wait)

    def remembered(self) -> bytes | None:
        """What was remembered last, where it is whole."""
        try:
            stored = self.blobs.area.content(_SUMMARIES, limit=_LONGEST)
        except OSError:
            return None
        return layout.decode_record(stored) if stored is not None else None

    def remember(self, content: bytes) -> None:
        """Remember something; an archive that is read only forgets it."""
        area = self.blobs.area
        with contextlib.suppress(TwinbuildError), translated(str(area.path)):
            area.publish(_SUMMARIES, layout.encode_record(content), durable=False)

    def drop(self, digest: Digest) -> None:
        """No longer keep a release. Its blobs stay until they are collected.

        The entry goes last: one without a root gets it anew, and a root or a pin without one is a loss (``names``).
        """
        self.blobs.unkeep(_root(digest))
        area = self.blobs.area
        for name in (layout.record_name(_PIN, digest), layout.record_name(RELEASE, digest)):
            area.files.remove(name)

    def pin(self, digest: Digest, reason: str) -> None:
        """Never prune a release, and say why."""
        self.blobs.put_record(_PIN, digest, reason.encode())

    def unpin(self, digest: Digest) -> None:
        """Let a release be pruned again."""
        self.blobs.area.files.remove(layout.record_name(_PIN, digest))

    def pinned(self, digest: Digest) -> str | None:
        """Why a release is never pruned; None where it may be."""
        content = self.blobs.record(_PIN, digest)
        if content is not None:
            return content.decode("utf-8", "replace")
        there = self.blobs.area.status(layout.record_name(_PIN, digest)) is not None
        return "a damaged note" if there else None

    def _entry(self, digest: Digest) -> Digest | None:
        content = self.blobs.record(RELEASE, digest)
        try:
            return Digest.parse(content.decode("ascii", "replace")) if content is not None else None
        except IntegrityError:
            return None

    def _named(self, kind: str) -> Iterator[Digest]:
        area = self.blobs.area
        for shard in area.names(f"{layout.RECORDS}/{kind}"):
            for rest in area.names(f"{layout.RECORDS}/{kind}/{shard}"):
                if (digest := layout.digest_at(shard, rest)) is not None:
                    yield digest


def _root(digest: Digest) -> str:
    return f"{ROOT}{digest.hex}"


def _damaged(digest: Digest) -> Finding:
    return Finding(
        code="TB9110",
        message=f"the entry of the release {digest} is damaged, so that nothing says what belongs to it",
        hint="archive the release again, or take the archive from a copy that is whole",
        where=Location(subject=str(digest)),
    )


def _lost(digest: Digest) -> Finding:
    return Finding(
        code="TB9110",
        message=f"the entry of the release {digest} is lost, and its files are still there",
        hint=f"archive the release again, or copy {layout.RECORDS}/ from a copy that is whole; where nobody needs "
        f"the release: archive unpin {digest}, and remove {layout.ROOTS}/{_root(digest)}",
        where=Location(subject=str(digest)),
    )


def _refuse_foreign(root: Path, *, writing: bool) -> None:
    """Raise UsageError TB9101 unless an archive is there, or ``writing`` may make one in an empty place."""
    try:
        names = os.listdir(root)  # noqa: PTH208  nothing is made of it
    except FileNotFoundError:
        names = []
    except OSError as error:
        why = "is no directory" if error.errno == errno.ENOTDIR else f"cannot be read: {error.strerror}"
        raise _no_archive(root, why) from None
    if layout.VERSION in names or (writing and set(names) <= {"v1"}):
        return
    raise _no_archive(root, "is something else" if names else "is no archive")


def _no_archive(root: Path, why: str) -> UsageError:
    return UsageError.of(
        "TB9101",
        f"{root} {why}, expected an archive",
        hint="name the directory of an archive; `twinbuild archive add` makes one where there is nothing yet",
        where="--archive",
    )
