"""What a layer holds, by package: read from its own package databases, for pictures of what takes the room.

It is for the eye: whether every file is accounted for is what `reconcile` says, with digests. A file belongs to the
Debian package whose list names it, or to the distribution whose RECORD does ("Recording installed projects"); what
nobody lists goes by its directory.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["Contents", "Group", "grouped", "is_list", "kept_path"]

_DEBIAN: Final = re.compile(r"var/lib/dpkg/info/([^/:]+)(?::[^/]+)?\.list", re.ASCII)
_BARE: Final = re.compile(r"var/lib/dpkg/status\.d/([^/]+)\.md5sums", re.ASCII)  # of distroless images
_RECORD: Final = re.compile(r"((?:[^/]+/)*)([^/]+)-[^/-]+\.dist-info/RECORD")
_COMPILED: Final = re.compile(r"((?:[^/]+/)*)__pycache__/([^/.]+)\.[^/]+\.pyc")
_LISTED: Final = (_DEBIAN, _BARE, _RECORD)
_LARGEST: Final = 8 << 20  # bytes of a list of files
_LONGEST: Final = 512  # characters of a path; a layer may have half a million files, each with a path of 4096
_FILES: Final = 12  # of a group that are named
_GROUPS: Final = 60  # of a layer that are told apart
_DEEP: Final = 2  # steps of a directory that files without an owner go by

Owner = tuple[Literal["deb", "wheel", ""], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Files of one package, or of one directory (``kind`` ""). ``size`` is bytes of all its ``count`` files.

    ``files`` are the largest with their paths and sizes, the largest first. ``kind`` is that of the component's table.
    """

    kind: Literal["deb", "wheel", "", "rest"]
    name: str
    size: int
    count: int
    files: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A layer by its blob's digest, its groups the largest first; the last may be the rest of them."""

    layer: str
    groups: tuple[Group, ...]


def is_list(path: str, size: int) -> bool:
    """Whether a member of a layer is a list of files that ``grouped`` wants the text of."""
    return size <= _LARGEST and kept_path(path) == path and any(each.fullmatch(path) for each in _LISTED)


def kept_path(path: str) -> str:
    """As much of a path as is kept: files whose paths begin so are taken for one."""
    return path[:_LONGEST]


def grouped(files: Mapping[str, int], lists: Mapping[str, bytes]) -> tuple[Group, ...]:
    """The groups of a layer's files (path to bytes), the largest first. ``lists`` are the texts of its ``is_list``."""
    owners = {path: owner for path, owner in _owned(lists) if path in files}
    found: dict[Owner, list[tuple[str, int]]] = {}
    for path, size in files.items():
        owner = owners.get(path) or owners.get(_source(path)) or ("", _directory(path))
        found.setdefault(owner, []).append((path, size))
    groups = [_group(kind, name, listed) for (kind, name), listed in found.items()]
    groups.sort(key=lambda each: (-each.size, each.kind, each.name))
    if len(groups) <= _GROUPS:
        return tuple(groups)
    kept, others = groups[: _GROUPS - 1], groups[_GROUPS - 1 :]
    rest = Group(
        kind="rest",
        name=f"{len(others)} others",
        size=sum(each.size for each in others),
        count=sum(each.count for each in others),
        files=(),
    )
    return (*kept, rest)


def _group(kind: Literal["deb", "wheel", ""], name: str, listed: list[tuple[str, int]]) -> Group:
    listed.sort(key=lambda each: (-each[1], each[0]))
    return Group(
        kind=kind, name=name, size=sum(size for _, size in listed), count=len(listed), files=tuple(listed[:_FILES])
    )


def _source(path: str) -> str:
    """The source of compiled Python, whose package it is of (PEP 3147); "" for other files."""
    match = _COMPILED.fullmatch(path)
    return f"{match[1]}{match[2]}.py" if match else ""


def _directory(path: str) -> str:
    return "/" + "/".join(path.split("/")[:-1][:_DEEP])


def _owned(lists: Mapping[str, bytes]) -> Iterator[tuple[str, Owner]]:
    for where in sorted(lists):
        text = lists[where].decode("utf-8", "replace")
        if match := _DEBIAN.fullmatch(where):
            yield where, ("deb", match[1])
            yield from _merged(text.splitlines(), ("deb", match[1]))
        elif match := _BARE.fullmatch(where):
            yield where, ("deb", match[1])
            yield from _merged((line.partition("  ")[2] for line in text.splitlines()), ("deb", match[1]))
        elif match := _RECORD.fullmatch(where):
            owner: Owner = ("wheel", re.sub(r"[-_.]+", "-", match[2]).lower())
            yield from _recorded(text.splitlines(), match[1].split("/")[:-1], owner)


def _merged(paths: Iterable[str], owner: Owner) -> Iterator[tuple[str, Owner]]:
    """Debian's lists name /lib/x where the layer has usr/lib/x: directories were merged since."""
    for each in paths:
        path = each.strip("/")
        yield path, owner
        yield f"usr/{path}", owner


def _recorded(lines: Iterable[str], directory: list[str], owner: Owner) -> Iterator[tuple[str, Owner]]:
    """Paths of a RECORD: CSV, relative to the directory that the dist-info lies in, which they may leave upwards."""
    for line in lines:
        try:
            name = next(iter(next(csv.reader((line,)), ())), "")
        except csv.Error:  # a field of more than 128 kB
            continue
        steps = [] if name.startswith("/") else list(directory)
        for step in name.split("/"):
            if step == "..":
                del steps[-1:]
            elif step not in ("", "."):
                steps.append(step)
        yield "/".join(steps), owner
