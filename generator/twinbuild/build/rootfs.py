"""A file tree on disk and back: for the sandbox, and for looking at what a step changed.

Every component of every path is opened relative to the directory above it and without following links, so that no tree
can reach outside of its root. Works as an ordinary user: owners are not applied, set-id bits are left away (the files
would be those of the user who runs twinbuild), and the user can always read and delete; ``Materialised`` notes the
modes that differ.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from twinbuild.codec.amounts import counted
from twinbuild.errors import BuildError, EnvironmentFault
from twinbuild.model.tree import Directory, Entry, File, Hardlink, Symlink

__all__ = ["Materialised", "Tree", "discard", "located", "make_mount_point", "materialise", "remove_mount_points"]

OPEN_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK: Final = 1 << 20
_DEEP: Final = 100  # directories that are open at once while a tree is removed
_MOST_LINKS: Final = 40  # MAXSYMLINKS of Linux, path_resolution(7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Materialised:
    """What differs on disk from the entries: paths with the mode that they should have, sorted."""

    modes: tuple[tuple[str, int], ...] = ()


def _failed(error: OSError, path: str) -> EnvironmentFault | BuildError:
    """A system call's error: that the disk is full, which is this machine's fault, or something about the tree."""
    reason = os.strerror(error.errno or 0)
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return refused(path, reason)
    return EnvironmentFault.of(
        "TB8002", f"cannot unpack it: {reason}", hint="make room, or set TMPDIR to a directory with more", where=path
    )


def refused(path: str, reason: str) -> BuildError:
    """TB5920: an entry that cannot be put on disk."""
    return BuildError.of(
        "TB5920", f"cannot materialise it: {reason}", hint="do not use the archive that it comes from", where=path
    )


def disk_mode(mode: int, *, directory: bool) -> int:
    """The mode that an entry of ``mode`` gets on disk."""
    return (mode & 0o1777) | (0o700 if directory else 0o400)


class Tree:
    """An opened root directory. Names are relative to it; no link is ever followed. Raises BuildError TB5920."""

    def __init__(self, root: Path) -> None:
        try:
            self._root = os.open(root, OPEN_DIRECTORY)
        except OSError as error:
            raise refused(str(root), os.strerror(error.errno or 0)) from error
        self._stack: list[tuple[str, int]] = []  # the directory last used, component by component

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        for _, descriptor in self._stack:
            os.close(descriptor)
        os.close(self._root)

    def directory(self, path: str, *, create: bool = False) -> int:
        """A descriptor of a directory (``""`` is the root), valid until the next call."""
        parts = path.split("/") if path else []
        common = 0
        while common < min(len(parts), len(self._stack)) and self._stack[common][0] == parts[common]:
            common += 1
        while len(self._stack) > common:
            os.close(self._stack.pop()[1])
        for part in parts[common:]:
            above = self._stack[-1][1] if self._stack else self._root
            if create:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, 0o755, dir_fd=above)
                    os.chmod(part, 0o755, dir_fd=above)  # noqa: S103  what mkdir asked for, whatever the umask is
            try:
                self._stack.append((part, os.open(part, OPEN_DIRECTORY, dir_fd=above)))
            except OSError as error:
                if error.errno in (errno.ELOOP, errno.ENOTDIR):
                    raise refused(path, f"{part!r} in it is a link or a file, expected a directory") from error
                raise
        return self._stack[-1][1] if self._stack else self._root

    def parent(self, path: str, *, create: bool = False) -> tuple[int, str]:
        """A descriptor of the directory that holds ``path``, and the last part."""
        above, _, name = path.rpartition("/")
        return self.directory(above, create=create), name

    def clear(self, above: int, name: str, path: str) -> None:
        """Take away what has a name, unless it is a directory with something in it."""
        try:
            os.unlink(name, dir_fd=above)
        except FileNotFoundError:
            return
        except IsADirectoryError:
            try:
                os.rmdir(name, dir_fd=above)
            except OSError as error:
                raise refused(path, "it replaces a directory that isn't empty") from error

    def add(self, entry: Entry) -> None:
        """Put one entry on disk, in place of what has its name."""
        above, name = self.parent(entry.path, create=True)
        if isinstance(entry, Directory):
            self._add_directory(above, name, entry)
            return
        if isinstance(entry, Hardlink):
            self._add_link(entry)
            return
        self.clear(above, name, entry.path)
        if isinstance(entry, Symlink):
            os.symlink(entry.target, name, dir_fd=above)
        else:
            _add_file(above, name, entry)

    def _add_directory(self, above: int, name: str, entry: Directory) -> None:
        try:
            found = os.stat(name, dir_fd=above, follow_symlinks=False)
        except FileNotFoundError:
            found = None
        if found is None or not stat.S_ISDIR(found.st_mode):
            if found is not None:
                self.clear(above, name, entry.path)
            os.mkdir(name, 0o700, dir_fd=above)
        os.fchmod(self.directory(entry.path), disk_mode(entry.mode, directory=True))

    def _add_link(self, entry: Hardlink) -> None:
        try:
            source, last = self.parent(entry.target)
            found = os.stat(last, dir_fd=source, follow_symlinks=False)
        except FileNotFoundError as error:
            raise refused(entry.path, f"it is a hard link to {entry.target!r}, which isn't there") from error
        if not stat.S_ISREG(found.st_mode):
            raise refused(entry.path, f"it is a hard link to {entry.target!r}, which is no regular file")
        source = os.dup(source)
        try:
            above, name = self.parent(entry.path, create=True)
            if entry.path == entry.target:
                raise refused(entry.path, "it is a hard link to itself")
            self.clear(above, name, entry.path)
            os.link(last, name, src_dir_fd=source, dst_dir_fd=above, follow_symlinks=False)
        finally:
            os.close(source)


def _add_file(above: int, name: str, entry: File) -> None:
    descriptor = os.open(name, _CREATE, 0o600, dir_fd=above)
    with open(descriptor, "wb") as target, entry.content.open() as source:  # noqa: PTH123  a descriptor
        shutil.copyfileobj(source, target, _CHUNK)
        if target.tell() != entry.content.size:
            raise refused(
                entry.path, f"its content has {counted(target.tell(), 'byte')}, expected {entry.content.size}"
            )
        os.fchmod(descriptor, disk_mode(entry.mode, directory=False))


def materialise(entries: Iterable[Entry], root: Path) -> Materialised:
    """Put a tree on disk, below an existing directory. A later entry replaces an earlier one of the same path.

    Raises BuildError TB5920 for an entry below a link or a file, a hard link to nothing, or whatever the disk refuses;
    EnvironmentFault TB8002 where it is full.
    """
    modes: dict[str, int] = {}
    with Tree(root) as tree:
        for entry in entries:
            try:
                tree.add(entry)
            except OSError as error:
                raise _failed(error, entry.path) from error
            modes.pop(entry.path, None)
            if isinstance(entry, (File, Directory)):
                if disk_mode(entry.mode, directory=isinstance(entry, Directory)) != entry.mode:
                    modes[entry.path] = entry.mode
            elif isinstance(entry, Hardlink) and entry.target in modes:
                modes[entry.path] = modes[entry.target]
    return Materialised(modes=tuple(sorted(modes.items())))


def discard(root: Path) -> None:
    """Remove a tree, whatever modes its directories have; one that is gone is fine. Raises BuildError TB5920."""
    try:
        above = os.open(os.path.realpath(root.parent), OPEN_DIRECTORY)
    except FileNotFoundError:
        return
    try:
        _remove(above, root.name)
    except OSError as error:
        raise refused(str(root), os.strerror(error.errno or 0)) from error
    finally:
        os.close(above)


def _remove(above: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=above)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        descriptor = _open_for_removal(above, name)
        try:
            while os.listdir(descriptor):  # noqa: PTH208  a descriptor; what lay too deep is there by now
                _empty(descriptor, descriptor, 1)
        finally:
            os.close(descriptor)
        os.rmdir(name, dir_fd=above)


def _empty(directory: int, top: int, depth: int) -> None:
    """Remove what a directory holds; what lies deep below ``top`` is moved there, for depth costs open files."""
    for name in os.listdir(directory):
        try:
            os.unlink(name, dir_fd=directory)
            continue
        except FileNotFoundError:
            continue
        except (IsADirectoryError, PermissionError):
            inner = _open_for_removal(directory, name)
        try:
            if depth < _DEEP:
                _empty(inner, top, depth + 1)
            else:
                os.rename(name, _free_name(top), src_dir_fd=directory, dst_dir_fd=top)
                continue
        finally:
            os.close(inner)
        os.rmdir(name, dir_fd=directory)


def _free_name(directory: int) -> str:
    taken = frozenset(os.listdir(directory))
    return next(name for number in itertools.count() if (name := str(number)) not in taken)


def _open_for_removal(above: int, name: str) -> int:
    path = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
    try:
        os.chmod(f"/proc/self/fd/{path}", 0o700)  # noqa: PTH101  what was opened, not what is named so by now
        return os.open(".", OPEN_DIRECTORY, dir_fd=path)
    finally:
        os.close(path)


def make_mount_point(root: Path, path: str, *, directory: bool) -> tuple[str, ...]:
    """Make ``path`` a place to mount on, unless something is there. Returns what was made, outermost first.

    Raises BuildError TB5920 if a link or a file is in the way.
    """
    made: list[str] = []
    parts = path.split("/")
    with Tree(root) as tree:
        for count in range(1, len(parts) + 1):
            each = "/".join(parts[:count])
            above, name = tree.parent(each)
            try:
                if directory or count < len(parts):
                    os.mkdir(name, 0o755, dir_fd=above)
                else:
                    os.close(os.open(name, _CREATE, 0o644, dir_fd=above))
            except FileExistsError:
                continue
            except OSError as error:
                raise refused(path, f"cannot make a mount point: {os.strerror(error.errno or 0)}") from error
            made.append(each)
    return tuple(made)


def remove_mount_points(root: Path, made: tuple[str, ...]) -> None:
    """Take away what ``make_mount_point`` made, innermost first, where it is still empty."""
    with Tree(root) as tree:
        for path in reversed(made):
            with contextlib.suppress(OSError, BuildError):
                above, name = tree.parent(path)
                status = os.stat(name, dir_fd=above, follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    os.rmdir(name, dir_fd=above)
                elif stat.S_ISREG(status.st_mode) and status.st_size == 0:
                    os.unlink(name, dir_fd=above)


def located(root: Path, path: str) -> Path:
    """Where a path of the tree leads, its links followed as a process whose root is ``root`` would follow them.

    Debian 12's ``/lib64/ld-linux-x86-64.so.2`` is an absolute link, which from outside names this machine's own loader.
    Raises BuildError TB5920 for a loop.
    """
    rest = [part for part in reversed(path.split("/")) if part]
    found: list[str] = []
    links = 0
    while rest:
        part = rest.pop()
        if part in (".", ".."):
            found = found[:-1] if part == ".." else found
            continue
        place = root.joinpath(*found, part)
        if not place.is_symlink():
            found.append(part)
            continue
        links += 1
        if links > _MOST_LINKS:
            raise refused(path, f"it leads through more than {_MOST_LINKS} links")
        target = str(place.readlink())
        found = [] if target.startswith("/") else found
        rest += [name for name in reversed(target.split("/")) if name]
    return root.joinpath(*found)
