"""Entries of a file tree before it is a tar: what every reader yields and the layer writer takes.

Nothing untrusted is unpacked to disk: members of an archive become entries. A path that leaves the root, or that a
reader could understand in two ways, cannot exist here.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from twinbuild.errors import IntegrityError

__all__ = [
    "BytesContent",
    "Content",
    "Directory",
    "Entry",
    "File",
    "Hardlink",
    "Symlink",
    "check_path",
    "check_target",
    "follow",
]

_MAXIMUM_PATH = 4096  # PATH_MAX of Linux
_MAXIMUM_NAME = 255  # NAME_MAX of Linux
_MOST_LINKS = 40  # MAXSYMLINKS of Linux: symbolic links on one way


def check_path(path: str) -> None:
    """Raise IntegrityError TB4301 unless ``path`` is relative, normal, printable and within Linux's limits."""
    reason = _objection(path)
    if reason:
        raise IntegrityError.of(
            "TB4301",
            f"path {path[:200]!r} {reason}",
            hint="do not use the archive; report it to whoever made it",
        )


def _objection(path: str) -> str:
    if not path:
        return "is empty"
    if not path.isprintable() and any(unicodedata.category(character) in ("Cc", "Cs") for character in path):
        return "has a control character or lone surrogate"
    if path.startswith("/"):
        return "is absolute"
    parts = path.split("/")
    if not {"", ".", ".."}.isdisjoint(parts):
        return "is not normal (an empty part, '.' or '..')"
    length = len(path.encode())
    if length >= _MAXIMUM_PATH or (
        length > _MAXIMUM_NAME and any(len(part.encode()) > _MAXIMUM_NAME for part in parts)
    ):
        return "is longer than Linux allows"
    return ""


def check_target(target: str) -> None:
    """Raise IntegrityError TB4302 unless ``target`` can be the text of a symbolic link."""
    if (
        not target
        or any(character in "\0\n" or "\ud800" <= character <= "\udfff" for character in target)
        or len(target.encode()) >= _MAXIMUM_PATH
    ):
        raise IntegrityError.of(
            "TB4302",
            f"link target {target[:200]!r} is empty, too long or has a control character or lone surrogate",
            hint="do not use the archive; report it to whoever made it",
        )


def follow(path: str, *, link: Callable[[str], str | None], is_file: Callable[[str], bool]) -> str | None:
    """The path of what ``path`` finally names in a tree, or of where it would be, as a kernel has it.

    None for a loop or a way through a file; a path that is longer than Linux allows leads nowhere. ``link`` is the text
    of the symbolic link at a path, None where none is; ``is_file`` whether nothing lies below what is there.
    """
    if len(path) >= _MAXIMUM_PATH:
        return None
    done: list[str] = []
    todo = path.strip("/").split("/")[::-1]
    links = 0
    while todo:
        part = todo.pop()
        if part in ("", "."):
            continue
        if part == "..":
            del done[-1:]  # the root's parent is the root
            continue
        done.append(part)
        here = "/".join(done)
        target = link(here)
        if target is not None:
            links += 1
            if links > _MOST_LINKS:
                return None
            done = [] if target.startswith("/") else done[:-1]
            todo.extend(target.split("/")[::-1])
        elif todo and is_file(here):
            return None
    return "/".join(done)


class Content(Protocol):
    """The bytes of a file, of known size, which can be read more than once."""

    @property
    def size(self) -> int:
        """Length in bytes."""

    def open(self) -> BinaryIO:
        """A new stream from the first byte; the caller closes it."""


@dataclass(frozen=True, slots=True)
class BytesContent:
    """Content that is in memory: documents and small generated files."""

    data: bytes

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.data)

    def open(self) -> BinaryIO:
        """A stream over the bytes."""
        return io.BytesIO(self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A regular file. ``mode`` is permission bits only (with set-uid, set-gid and sticky)."""

    path: str
    content: Content
    mode: int = 0o644
    uid: int = 0
    gid: int = 0

    def __post_init__(self) -> None:
        check_path(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A directory."""

    path: str
    mode: int = 0o755
    uid: int = 0
    gid: int = 0

    def __post_init__(self) -> None:
        check_path(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Symlink:
    """A symbolic link; ``target`` is its text, not resolved. Permission bits are always 0777."""

    path: str
    target: str
    uid: int = 0
    gid: int = 0

    def __post_init__(self) -> None:
        check_path(self.path)
        check_target(self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardlink:
    """Another name for the regular file at ``target``, which is a path of the same tree."""

    path: str
    target: str

    def __post_init__(self) -> None:
        check_path(self.path)
        check_path(self.target)


Entry = File | Directory | Symlink | Hardlink
