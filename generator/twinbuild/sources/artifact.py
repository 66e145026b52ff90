"""Model artifacts: files of the project, or of a web server, known by SHA-256 and size."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable

from twinbuild.codec.amounts import counted
from twinbuild.errors import IntegrityError, Location, SpecError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedArtifact
from twinbuild.net.address import is_web
from twinbuild.net.download import Sink
from twinbuild.net.files import copy_stable, open_beneath, open_directory, pointer_in
from twinbuild.net.http import ignore
from twinbuild.net.known import Known
from twinbuild.net.opener import Opener
from twinbuild.ports import Store

__all__ = ["Advancing", "is_in_wheel", "local_digest", "pin_artifact", "store_file"]


def is_in_wheel(uri: str) -> bool:
    """Whether an artifact is a file of a locked wheel (``wheel:PROJECT/PATH``), which needs no fetching of its own."""
    return uri.startswith("wheel:")


class Advancing:
    """A sink that tells somebody how many bytes passed."""

    def __init__(self, sink: Sink, advance: Callable[[int], None]) -> None:
        self._sink = sink
        self._advance = advance

    def write(self, chunk: bytes | bytearray | memoryview) -> int:
        """Append bytes, then tell."""
        count = self._sink.write(chunk)
        self._advance(len(chunk))
        return count


def pin_artifact(
    *,
    name: str,
    uri: str,
    store: Store,
    opener: Opener,
    project: str,
    sha256: Digest | None = None,
    size: int | None = None,
    now: int | None = None,
    advance: Callable[[int], None] = ignore,
) -> LockedArtifact:
    """Bring an artifact's bytes into the store and lock what they are; for ``lock`` alone.

    ``project`` is the directory that a relative ``uri`` belongs to. ``now`` (wall clock, ns) allows digests of
    unchanged local files to be taken from earlier runs. A web artifact whose stated ``sha256`` is stored is not asked
    for again; a local file is always looked at. Raises SpecError TB2301-TB2305, TB2316; IntegrityError TB2306-TB2308;
    FetchError, IntegrityError TB30xx from the web, where plain http needs a stated ``sha256``.
    """
    assert not is_in_wheel(uri), "a file of a locked wheel is taken from that wheel"
    if is_web(uri) and sha256 is not None and store.has(sha256) and size in (None, store.size(sha256)):
        return LockedArtifact(name=name, uri=uri, size=store.size(sha256), sha256=sha256)
    if is_web(uri):
        with store.writer() as writer:
            opener.download(uri, writer, size=size, digest=sha256, allow_http=sha256 is not None, advance=advance)
            digest, length = writer.commit(sha256)
    else:
        known = _known(uri, store, project, now)
        digest, length = store_file(uri, store, project, sha256=sha256, size=size, known=known, advance=advance)
        known.save()
    if not length:
        raise SpecError.of(
            "TB2316", f"the artifact {name!r} is empty", hint="put the real file there", where=Location(subject=uri)
        )
    return LockedArtifact(name=name, uri=uri, size=length, sha256=digest)


def local_digest(uri: str, store: Store, project: str, *, now: int | None = None) -> Digest | None:
    """What a local artifact's file is at this moment, read only if its status changed; None if there is none.

    Raises SpecError TB2301-TB2303, IntegrityError TB2308.
    """
    known = _known(uri, store, project, now)
    root = open_directory(project)
    try:
        with open_beneath(root, uri) as descriptor:
            status = os.fstat(descriptor)
            digest = known.digest(uri, status)
            if digest is None:
                sink = _Hashing()
                _settle(descriptor)
                status = copy_stable(descriptor, sink, where=uri, expected=None)
                digest = Digest(sink.hash.hexdigest())
                known.remember(uri, status, digest)
                known.save()
            return digest
    except SpecError as error:
        if error.findings[0].code != "TB2304":
            raise
        return None
    finally:
        os.close(root)


class _Hashing:
    """A sink that keeps nothing."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()

    def write(self, chunk: bytes | bytearray | memoryview) -> int:
        """Hash bytes and return how many."""
        self.hash.update(chunk)
        return len(chunk)


def _known(uri: str, store: Store, project: str, now: int | None) -> Known:
    return Known(store, f"{os.path.abspath(project)}\0{uri}", now=now)  # noqa: PTH100  links stay as they are


def store_file(
    path: str,
    store: Store,
    project: str,
    *,
    sha256: Digest | None,
    size: int | None,
    known: Known | None = None,
    advance: Callable[[int], None] = ignore,
) -> tuple[Digest, int]:
    """Copy a file of the project into the store; its digest and size, which are those expected.

    Raises SpecError TB2301-TB2305, IntegrityError TB2306 (size), TB2307 (digest), TB2308 (changed meanwhile).
    """
    root = open_directory(project)
    try:
        with open_beneath(root, path) as descriptor:
            pointer = pointer_in(descriptor)
            if pointer:
                raise _pointer(path, pointer, os.fstat(descriptor).st_size)
            status = os.fstat(descriptor)
            digest = known.digest(path, status) if known is not None else None
            if digest is not None and sha256 in (None, digest) and size in (None, status.st_size):
                return digest, status.st_size
            _settle(descriptor)
            with store.writer() as writer:
                status = copy_stable(descriptor, Advancing(writer, advance), where=path, expected=size)
                digest, length = _commit(writer.commit, sha256, path)
    finally:
        os.close(root)
    if known is not None:
        known.remember(path, status, digest)
    return digest, length


def _settle(descriptor: int) -> None:
    """Let the kernel write a file's pages to the disk before its status is to vouch for its bytes.

    A program that has the file mapped (numpy.memmap) changes a page that is not yet written without a trace in the
    status; once it is written, the next change sets the times again.
    """
    with contextlib.suppress(OSError):  # a file system that has no disk
        os.fdatasync(descriptor)


def _commit(
    commit: Callable[[Digest | None], tuple[Digest, int]], expected: Digest | None, path: str
) -> tuple[Digest, int]:
    try:
        return commit(expected)
    except IntegrityError as error:
        if error.findings[0].code != "TB3101":
            raise
        raise IntegrityError.of(
            "TB2307",
            f"the file's SHA-256 is not the one expected: {error.findings[0].message}",
            hint="restore the file, or correct its sha256 in the spec and lock again",
            where=Location(file=path),
        ) from None


def _pointer(path: str, kind: str, size: int) -> TwinbuildError:
    command = "git lfs pull" if kind == "LFS" else f"git annex get {path}"
    article = "an LFS" if kind == "LFS" else "a git-annex"
    return SpecError.of(
        "TB2305",
        f"this is {article} pointer of {counted(size, 'byte')} in place of the file's content",
        hint=f"run `{command}`",
        where=Location(file=path),
    )
