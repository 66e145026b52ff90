"""Writing results: whole directories that appear at once, and nothing half-written.

A release is laid out beside its final place and renamed into it. Blobs are copied, never linked, so that nobody can
change the store through an output; the copy shares blocks where the file system can.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Final

from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.regular import beginning_of

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.ports import Blobs

__all__ = [
    "CONTEXT_MARK",
    "SITE_MARK",
    "Output",
    "clear_leftovers",
    "copy_blob",
    "copy_checked",
    "copy_stream",
    "replace_directory",
    "replace_file",
    "same_blob",
    "same_content",
    "same_directory",
    "same_file",
    "write_file",
]

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FICLONE: Final = 0x40049409  # <linux/fs.h>
_FRESH: Final = ".twinbuild-"  # nobody else's directories have such names, so that those of killed runs may go
_OLD: Final = ".old"
_TEMPORARY: Final = re.compile(r"\.(.+)\.[a-z0-9_]{8}", re.ASCII)  # as mkstemp names what ``replace_file`` asks it for
CONTEXT_MARK: Final = "twinbuild-context.txt"
SITE_MARK: Final = "twinbuild-site.txt"


class Output(Enum):
    """What an output is, by the file that each of its kind has and what that begins with.

    A name alone proves nothing: many a project has a manifest.json of its own.
    """

    RELEASE = (
        ("manifest.json", re.compile(rb'\{"apiVersion":"[^"]*twinbuild[^"]*"')),
        ("release.digest", re.compile(rb"sha256:[0-9a-f]{64}\n\Z")),
    )
    LAYOUT = (("oci-layout", re.compile(rb'\{\s*"imageLayoutVersion"')),)
    CONTEXT = ((CONTEXT_MARK, re.compile(rb"The context of a Dockerfile")),)
    PROMOTION = (("promotion.dsse.json", re.compile(rb'\{\s*"payload": "')),)
    SITE = ((SITE_MARK, re.compile(rb"A catalogue of releases: `twinbuild site`")),)
    FILES = ()  # of anybody: nothing tells them from others


_NAMED: Final = {
    Output.RELEASE: "a release",
    Output.LAYOUT: "an image layout",
    Output.CONTEXT: "the context of a Dockerfile",
    Output.PROMOTION: "what was promoted",
    Output.SITE: "a catalogue",
}
_LAYOUT: Final = frozenset({"oci-layout", "index.json", "manifest.json", "blobs", "twinbuild"})
_PATIENCE: Final = 10.0  # seconds: another twinbuild holds the lock for milliseconds
_NO_ROOM: Final = 1 << 20  # bytes
_EXCHANGE: Final = 2  # RENAME_EXCHANGE of renameat2(2)
_AT_FDCWD: Final = -100


def write_file(path: Path, content: bytes) -> None:
    """Write a small file so that readers see the old one or the new one; nothing is written if it is the same."""
    if not _is_special(path) and same_file(path, content):
        return
    with replace_file(path) as stream:
        stream.write(content)


@contextmanager
def replace_file(path: Path) -> Iterator[BinaryIO]:
    """A stream over a new file, which takes its place when the context ends well and otherwise goes.

    A device or a pipe is written to: a file in the place of /dev/null would do harm to all who use it. What /dev/stdout
    leads to is added to, for `>>` means that, and what is printed afterwards comes behind it.
    """
    if _is_special(path):
        with _opened(path) as stream:
            yield stream
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with _naming_full_disk(path), os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            os.fchmod(stream.fileno(), 0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextmanager
def _naming_full_disk(path: Path) -> Iterator[None]:
    """A system that says that a disk is full does not say which one: name what was written, if it is that disk."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT) and error.filename is None
        if full and shutil.disk_usage(path.parent).free < _NO_ROOM:
            error.filename = str(path)
        raise


def clear_leftovers(directory: Path, is_ours: Callable[[str], bool]) -> None:
    """Remove what ``replace_file`` left of runs that were killed, for files whose names are ours.

    For whoever is alone in the place of these files: what another one is writing would go, too.
    """
    if directory.is_symlink() or not directory.is_dir():
        return
    for path in directory.iterdir():
        name = _TEMPORARY.fullmatch(path.name)
        if name is not None and is_ours(name[1]) and stat.S_ISREG(path.lstat().st_mode):
            path.unlink(missing_ok=True)


def _is_special(path: Path) -> bool:
    """Whether a path is a device, a pipe or a socket, or a link of the system's to an open file (/dev/stdout)."""
    try:
        kind = path.stat().st_mode
    except OSError:
        return False
    parts = path.absolute().parts[1:3]  # /dev/shm is a place for anybody's files
    linked = path.is_symlink() and parts[:1] in (("dev",), ("proc",)) and parts != ("dev", "shm")
    return linked or not (stat.S_ISREG(kind) or stat.S_ISDIR(kind))


def _opened(path: Path) -> BinaryIO:
    """A standard stream as it is open, for opened anew its file would be at another place than what is printed."""
    if not path.is_file():
        return path.open("wb")
    for number in (1, 2):
        with suppress(OSError):
            if os.path.samestat(path.stat(), os.fstat(number)):
                return os.fdopen(os.dup(number), "wb")
    return path.open("ab")


def same_file(path: Path, content: bytes) -> bool:
    """Whether a file already has that content."""
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False


def same_blob(path: Path, digest: Digest) -> bool:
    """Whether a regular file already has the content of that digest."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == digest.hex


def same_directory(target: Path, contents: Mapping[str, bytes | Digest], *, besides: Callable[[str], bool]) -> bool:
    """Whether the files below a directory have these contents, read anew, and are these and ``besides`` alone."""
    found = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_symlink() or path.is_file()}
    return {path for path in found if not besides(path)} == contents.keys() and all(
        same_content(target / path, what) for path, what in contents.items()
    )


def same_content(path: Path, what: bytes | Digest) -> bool:
    """Whether a file, and no link to one, has that content, read anew."""
    if isinstance(what, bytes):
        return not path.is_symlink() and same_file(path, what)
    return same_blob(path, what)


def copy_blob(store: Blobs, digest: Digest, target: Path) -> os.stat_result:
    """Copy a blob to a new file; the status that this left it with. Raises IntegrityError if it is damaged."""
    store.check(digest)
    with store.path(digest).open("rb") as source, target.open("xb") as sink:
        copy_stream(source, sink)
        return os.fstat(sink.fileno())


def copy_checked(store: Blobs, digest: Digest, target: Path) -> None:
    """Copy a blob to a new file, hashed as it is copied, whatever was remembered or found of it a moment ago.

    For what is somebody else's, such as an archive. Raises IntegrityError if it is damaged, LockError if it is missing.
    """
    with store.open(digest) as source, target.open("xb") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
        sink.flush()
        os.fchmod(sink.fileno(), 0o644)


def copy_stream(source: IO[bytes], sink: IO[bytes]) -> None:
    """Copy an open file to a new one; they share blocks where the file system can."""
    if not _clone(source, sink):
        _copy(source, sink)
    sink.flush()
    os.fchmod(sink.fileno(), 0o644)


def _clone(source: IO[bytes], sink: IO[bytes]) -> bool:
    with suppress(OSError):
        fcntl.ioctl(sink.fileno(), _FICLONE, source.fileno())
        return True
    return False


def _copy(source: IO[bytes], sink: IO[bytes]) -> None:
    """All bytes, by the kernel where it can; what it leaves over (or all of it) goes through this process."""
    with suppress(OSError):
        while os.copy_file_range(source.fileno(), sink.fileno(), 1 << 30):
            pass
    shutil.copyfileobj(source, sink, 1 << 20)


@contextmanager
def replace_directory(target: Path, kind: Output) -> Iterator[Path]:
    """A new directory beside ``target`` that takes its place when the context is left without an error.

    What lies there already goes if it is of the same kind, and nothing else does: a catalogue is made anew at any time,
    a release with its signatures is not. Raises UsageError TB8020.
    """
    _refuse_foreign(target, kind)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh, held = _fresh_directory(target)
    old = fresh.with_name(fresh.name + _OLD)
    try:
        with _naming_full_disk(target):
            fresh.chmod(0o755)
            yield fresh
        if not target.exists():
            fresh.rename(target)
        elif not _exchange(fresh, target):
            _replace(fresh, target, old)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
        os.close(held)


def _exchange(fresh: Path, target: Path) -> bool:
    """Let two directories change names at once, so that whoever is killed leaves one of them in place, whole.

    False where the file system cannot do that.
    """
    import ctypes  # late: start-up is measured

    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    names = os.fsencode(fresh), os.fsencode(target)
    return renameat2 is not None and not renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE)


def _replace(fresh: Path, target: Path, old: Path) -> None:
    """The same in two steps; whatever interrupts them, the target is what it was or what it is to be."""
    try:
        target.rename(old)
        fresh.rename(target)
    except BaseException:
        if old.exists() and not target.exists():
            old.rename(target)
        raise


def _fresh_directory(target: Path) -> tuple[Path, int]:
    """A directory beside ``target`` and the descriptor that holds its lock; those of runs that were killed go."""
    above = os.open(target.parent, _DIRECTORY)
    try:
        _wait_for_others(above)
        ours = re.compile(re.escape(f".{target.name}{_FRESH}") + rf"\w{{8}}({re.escape(_OLD)})?", re.ASCII)
        for stale in target.parent.iterdir():
            if not ours.fullmatch(stale.name):
                continue
            with suppress(OSError):
                descriptor = os.open(stale, _DIRECTORY)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(stale, ignore_errors=True)
                finally:
                    os.close(descriptor)
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}{_FRESH}", dir=target.parent))
        held = os.open(fresh, _DIRECTORY)
        with suppress(OSError):
            fcntl.flock(held, fcntl.LOCK_EX)
        return fresh, held
    finally:
        os.close(above)


def _wait_for_others(above: int) -> None:
    """Lock a directory, so that nobody else looks while a directory in it is there and its lock is not.

    Whoever may read it may lock it, such as every user in /tmp: who holds it for long is no twinbuild, and is left be.
    """
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        try:
            fcntl.flock(above, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        except OSError:  # a file system without locks
            return
        else:
            return


def _refuse_foreign(target: Path, kind: Output) -> None:
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise _occupied(target, "is no directory")
    if not target.is_dir() or not any(target.iterdir()) or _is(target, kind):
        return
    other = next((each for each in Output if _is(target, each)), None)
    holds = "files that twinbuild did not write" if other is None else f"{_NAMED[other]}, which would be lost"
    raise _occupied(target, f"holds {holds}")


def _is(target: Path, kind: Output) -> bool:
    """Whether a directory is an output of that kind, so that another one may take its place."""
    found = any(mark.match(beginning_of(target / name, 256)) for name, mark in kind.value)
    if kind is Output.LAYOUT:  # beside other files it is a part of theirs
        return found and {path.name for path in target.iterdir()} <= _LAYOUT
    return found


def _occupied(target: Path, why: str) -> UsageError:
    return UsageError.of(
        "TB8020", f"the output {target} {why}", hint="name another output, or move it away", where=str(target)
    )
