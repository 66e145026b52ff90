"""What a step in the sandbox left behind, as entries. Only after all of its processes are dead.

Read through descriptors and without following links; a file is opened again when its content is wanted, and must then
be the very file that was found (CVE-2026-39860 is what happens otherwise).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final

from twinbuild.build.rootfs import OPEN_DIRECTORY, Materialised, Tree, disk_mode
from twinbuild.errors import BuildError, TwinbuildError
from twinbuild.model.tree import Directory, Entry, File, Hardlink, Symlink

__all__ = ["Changes", "Snapshot", "changes", "collect", "snapshot"]

_DEPTH: Final = 256
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

Identity = tuple[int, int, int, int, int]
Snapshot = Mapping[str, Identity]
_Seen = tuple[str, os.stat_result, str]  # path, status and, of a symbolic link, its target


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is new or different, in order of the paths, and the paths that are gone.

    ``owned`` gives user and group of the paths whose owner was noted; the entries' own are 0.
    """

    entries: tuple[Entry, ...]
    removed: tuple[str, ...]
    owned: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """Content of a file that was found: root, path and identity."""

    root: str
    path: str
    size: int
    identity: Identity

    def open(self) -> BinaryIO:
        """A stream over the file. Raises BuildError TB5921 if it is no longer the one that was found."""
        with Tree(Path(self.root)) as tree:
            try:
                above, name = tree.parent(self.path)
                descriptor = os.open(name, _READ, dir_fd=above)
            except OSError as error:
                raise _refused(self.path, os.strerror(error.errno or 0)) from error
        if _identity(os.fstat(descriptor)) != self.identity:
            os.close(descriptor)
            raise _refused(self.path, "it changed after it was collected")
        return open(descriptor, "rb")  # noqa: PTH123  a descriptor


def collect(
    root: Path, *, below: str = "", skip: frozenset[str] = frozenset(), noted: Materialised | None = None
) -> Iterator[Entry]:
    """The entries below ``root`` (or below a directory of it), each directory before what is in it, names sorted.

    Owners are 0. ``skip`` names paths to leave out with all below them. ``noted`` gives files and directories whose
    mode on disk was not touched since ``materialise`` the mode that they should have. Of several names of one file, all
    but the first are hard links. Raises BuildError TB5921 for a special file or a path that no archive can hold.
    """
    modes = dict(noted.modes) if noted else {}
    seen: dict[tuple[int, int], str] = {}
    for found in _walk(root, below, skip):
        try:
            yield _entry(root, found, modes=modes, seen=seen)
        except TwinbuildError as error:
            raise error if isinstance(error, BuildError) else _refused(found[0], error.findings[0].message) from error


def snapshot(root: Path, *, skip: frozenset[str] = frozenset()) -> Snapshot:
    """What is there, by path, to be compared with later. Raises as ``collect``."""
    return {path: _identity(status) for path, status, _ in _walk(root, "", skip)}


def changes(
    root: Path,
    before: Snapshot,
    *,
    skip: frozenset[str] = frozenset(),
    noted: Materialised | None = None,
    owners: Mapping[int, tuple[int, int]] = MappingProxyType({}),
) -> Changes:
    """What a step changed since the snapshot: a directory only if it is new or its mode changed. Raises as ``collect``.

    ``owners`` are those that the sandbox noted, by inode; what is among them counts as changed.
    A file counts as different if its inode, mode, size or times are: one that only got another name may be among them.
    """
    after: dict[str, Identity] = {}
    changed: set[str] = set()
    owned: list[tuple[str, int, int]] = []
    for path, status, _ in _walk(root, "", skip):
        now = after[path] = _identity(status)
        old = before.get(path)
        if old is None or (old[:2] != now[:2] if stat.S_ISDIR(status.st_mode) else old != now):
            changed.add(path)
        if status.st_ino in owners:
            changed.add(path)
            owned.append((path, *owners[status.st_ino]))
    entries = tuple(entry for entry in collect(root, skip=skip, noted=noted) if entry.path in changed)
    return Changes(entries=entries, removed=tuple(sorted(before.keys() - after.keys())), owned=tuple(owned))


def _entry(root: Path, found: _Seen, *, modes: Mapping[str, int], seen: dict[tuple[int, int], str]) -> Entry:
    path, status, target = found
    mode = stat.S_IMODE(status.st_mode)
    directory = stat.S_ISDIR(status.st_mode)
    if path in modes and disk_mode(modes[path], directory=directory) == mode:
        mode = modes[path]
    if directory:
        return Directory(path=path, mode=mode)
    if stat.S_ISLNK(status.st_mode):
        return Symlink(path=path, target=target)
    if not stat.S_ISREG(status.st_mode):
        raise _refused(path, "it is a device, a socket or a FIFO")
    if status.st_nlink > 1:
        first = seen.setdefault((status.st_dev, status.st_ino), path)
        if first != path:
            return Hardlink(path=path, target=first)
    return File(path=path, content=_Found(str(root), path, status.st_size, _identity(status)), mode=mode)


def _walk(root: Path, below: str, skip: frozenset[str]) -> Iterator[_Seen]:
    """Path, status and link target of all there is, depth first."""
    with Tree(root) as tree:
        yield from _walk_directory(tree.directory, below, skip, depth=below.count("/") + 1)


def _walk_directory(descend: Callable[[str], int], path: str, skip: frozenset[str], *, depth: int) -> Iterator[_Seen]:
    if depth > _DEPTH:
        raise _refused(path, f"it is more than {_DEPTH} directories deep")
    try:
        descriptor = os.open(".", OPEN_DIRECTORY, dir_fd=descend(path))
    except OSError as error:
        raise _refused(path or ".", os.strerror(error.errno or 0)) from error
    try:
        for name in sorted(os.listdir(descriptor), key=os.fsencode):  # noqa: PTH208  a descriptor
            each = f"{path}/{name}" if path else name
            if each in skip:
                continue
            status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            target = os.readlink(name, dir_fd=descriptor) if stat.S_ISLNK(status.st_mode) else ""
            yield each, status, target
            if stat.S_ISDIR(status.st_mode):
                yield from _walk_directory(descend, each, skip, depth=depth + 1)
    finally:
        os.close(descriptor)


def _identity(status: os.stat_result) -> Identity:
    return status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _refused(path: str, reason: str) -> BuildError:
    return BuildError.of(
        "TB5921",
        f"cannot become part of an image: {reason}",
        hint="change the step so that it leaves regular files, directories and links only",
        where=path if path.isprintable() else ascii(path)[1:-1],
    )
