"""Writing results: whole directories that appear at once, and nothing half-written.

A release is laid out beside its final place and renamed into it. Blobs are copied, never linked, so that nobody can
change the store through an output; the copy shares blocks where the file system can.
"""

from __future__ import annotations

import fcntl
import glob
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.ports import Store

__all__ = ["CONTEXT_MARK", "copy_blob", "replace_directory", "same_blob", "same_directory", "same_file", "write_file"]

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FICLONE: Final = 0x40049409  # <linux/fs.h>
CONTEXT_MARK: Final = "twinbuild-context.txt"
_MARKS: Final = ("manifest.json", "oci-layout", CONTEXT_MARK)  # of a release, a layout, a build context


def write_file(path: Path, content: bytes) -> None:
    """Write a small file so that readers see the old one or the new one; nothing is written if it is the same."""
    if same_file(path, content):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
            os.fchmod(stream.fileno(), 0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


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


def same_directory(target: Path, contents: Mapping[str, bytes | Digest], *, besides: AbstractSet[str]) -> bool:
    """Whether the files below a directory have these contents, read anew, and are these and ``besides`` alone."""
    found = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_symlink() or path.is_file()}
    return found == contents.keys() | besides and all(
        same_file(target / path, what) if isinstance(what, bytes) else same_blob(target / path, what)
        for path, what in contents.items()
    )


def copy_blob(store: Store, digest: Digest, target: Path) -> None:
    """Copy a blob to a new file. Raises IntegrityError if it is damaged."""
    store.check(digest)
    with store.path(digest).open("rb") as source, target.open("xb") as sink:
        if not _clone(source, sink):
            shutil.copyfileobj(source, sink, 1 << 20)
        os.fchmod(sink.fileno(), 0o644)


def _clone(source: IO[bytes], sink: IO[bytes]) -> bool:
    with suppress(OSError):
        fcntl.ioctl(sink.fileno(), _FICLONE, source.fileno())
        return True
    return False


@contextmanager
def replace_directory(target: Path) -> Iterator[Path]:
    """A new directory beside ``target`` that takes its place when the context is left without an error.

    Raises UsageError TB8020 where ``target`` is something that twinbuild did not write.
    """
    _refuse_foreign(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh, held = _fresh_directory(target)
    old = fresh.with_name(fresh.name + ".old")
    try:
        fresh.chmod(0o755)
        yield fresh
        if target.exists():
            target.rename(old)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
        os.close(held)


def _fresh_directory(target: Path) -> tuple[Path, int]:
    """A directory beside ``target`` and the descriptor that holds its lock; those of runs that were killed go."""
    above = os.open(target.parent, _DIRECTORY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(above, fcntl.LOCK_EX)  # nobody else looks while a directory is there and its lock is not
        for stale in target.parent.glob(f".{glob.escape(target.name)}.*"):
            with suppress(OSError):
                descriptor = os.open(stale, _DIRECTORY)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(stale, ignore_errors=True)
                finally:
                    os.close(descriptor)
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        held = os.open(fresh, _DIRECTORY)
        with suppress(OSError):
            fcntl.flock(held, fcntl.LOCK_EX)
        return fresh, held
    finally:
        os.close(above)


def _refuse_foreign(target: Path) -> None:
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise _occupied(target, "is no directory")
    if target.is_dir() and any(target.iterdir()) and not any((target / name).is_file() for name in _MARKS):
        raise _occupied(target, "holds files that twinbuild did not write")


def _occupied(target: Path, why: str) -> UsageError:
    return UsageError.of(
        "TB8020", f"the output {target} {why}", hint="name another output, or move it away", where=str(target)
    )
