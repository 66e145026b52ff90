"""Files of this machine, opened below a root that no path and no symbolic link can leave.

Every step is taken with ``openat`` and ``O_NOFOLLOW`` from the directory before it; links are followed by hand, so
that what was checked is what is opened, even while somebody else renames files.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator

from twinbuild.codec.amounts import counted
from twinbuild.errors import IntegrityError, Location, SpecError, TwinbuildError
from twinbuild.net.download import Sink

__all__ = ["check_path", "copy_stable", "open_beneath", "open_directory", "pointer_in"]

_LINKS = 40  # as Linux (path_resolution(7))
_PIECE = 1 << 20
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_LFS = b"version https://git-lfs.github.com/spec/v1\n"
_ANNEX = (b"/annex/objects/", b"../.git/annex/objects/", b".git/annex/objects/")
_POINTER = 1024  # bytes; a pointer file is smaller


def check_path(path: str) -> None:
    """Raise SpecError TB2301 unless ``path`` is relative, normal and printable."""
    if (
        not path
        or path.startswith("/")
        or not path.isprintable()
        or "\\" in path
        or any(part in ("", ".", "..") for part in path.split("/"))
    ):
        raise SpecError.of(
            "TB2301",
            f"path {path[:200]!r} is not a plain path below the project",
            hint="write it relative to the spec's directory, with forward slashes and without '.' and '..'",
        )


def open_directory(root: str) -> int:
    """A descriptor of a directory; the root itself may be reached by links. Raises SpecError TB2304."""
    try:
        return os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _missing(root, error) from None


@contextlib.contextmanager
def open_beneath(root: int, path: str, *, directory: bool = False) -> Iterator[int]:
    """A descriptor of the regular file (or directory) at ``path`` below the directory ``root``.

    Relative links are followed as long as they stay below ``root``. Raises SpecError TB2301 (path), TB2302 (link that
    leaves the root, or too many), TB2303 (neither file nor directory), TB2304 (missing, unreadable).
    """
    check_path(path)
    steps = [os.dup(root)]
    waiting = path.split("/")[::-1]
    links = 0
    try:
        while waiting:
            part = waiting.pop()
            if part == "..":
                if len(steps) == 1:
                    raise _escapes(path)
                os.close(steps.pop())
                continue
            try:
                last = not waiting and not directory
                steps.append(os.open(part, _FILE if last else _DIRECTORY, dir_fd=steps[-1]))
            except OSError as error:
                target = _link(part, steps[-1], error, path)
                links += 1
                if target.startswith("/") or links > _LINKS:
                    raise _escapes(path) from None
                waiting += [word for word in target.split("/") if word not in ("", ".")][::-1]
        kind = os.fstat(steps[-1]).st_mode
        if not (stat.S_ISDIR(kind) if directory else stat.S_ISREG(kind)):
            raise SpecError.of(
                "TB2303",
                f"{path[:200]!r} is no {'directory' if directory else 'regular file'}",
                hint="name a regular file" if not directory else "name a directory",
                where=Location(file=path),
            )
        yield steps[-1]
    finally:
        for step in steps:
            os.close(step)


def _link(part: str, parent: int, error: OSError, path: str) -> str:
    if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
        with contextlib.suppress(OSError):
            return os.readlink(part, dir_fd=parent)
    raise _missing(path, error) from None


def copy_stable(descriptor: int, sink: Sink, *, where: str, expected: int | None = None) -> os.stat_result:
    """Copy an open file into ``sink`` and return its status, which was the same before and after.

    Raises IntegrityError TB2306 where the size isn't ``expected``, TB2308 where the file changed meanwhile.
    """
    before = os.fstat(descriptor)
    if expected is not None and before.st_size != expected:
        raise IntegrityError.of(
            "TB2306",
            f"got {counted(before.st_size, 'byte')}, expected {expected}",
            hint="restore the file, or correct its size and sha256 in the spec and lock again",
            where=Location(file=where),
        )
    copied = 0
    os.lseek(descriptor, 0, os.SEEK_SET)
    while piece := os.read(descriptor, _PIECE):
        copied += len(piece)
        if copied > before.st_size:
            break
        sink.write(piece)
    after = os.fstat(descriptor)
    if copied != before.st_size or _state(before) != _state(after):
        raise IntegrityError.of(
            "TB2308",
            f"the file changed while it was read (got {counted(copied, 'byte')}, expected {before.st_size})",
            hint="run the command again when nothing writes to the file",
            where=Location(file=where),
        )
    return after


def pointer_in(descriptor: int) -> str:
    """Whether a file only points to its content: "LFS" or "annex", else an empty text."""
    if os.fstat(descriptor).st_size >= _POINTER:
        return ""
    head = os.pread(descriptor, _POINTER, 0)
    if head.startswith(_LFS):
        return "LFS"
    return "annex" if head.startswith(_ANNEX) else ""


def _state(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _escapes(path: str) -> TwinbuildError:
    return SpecError.of(
        "TB2302",
        f"a symbolic link on the way to {path[:200]!r} leads out of the project, or in circles",
        hint="replace the link by the file itself, or by a relative link that stays inside",
        where=Location(file=path),
    )


def _missing(path: str, error: OSError) -> TwinbuildError:
    reason = "does not exist" if error.errno == errno.ENOENT else os.strerror(error.errno or 0).lower()
    return SpecError.of(
        "TB2304",
        f"{path[:200]!r} cannot be read: {reason}",
        hint="correct its rights"
        if error.errno in (errno.EACCES, errno.EPERM)
        else "create the file or directory, or correct its path in the spec",
        where=Location(file=path),
    )
