"""Two images as trees of files, whatever their layers: what ``twinbuild compare`` shows.

``compare`` pairs the layers of two builds of one plan; here the images may come from anywhere. What counts is the file
system that a container would see, and the configuration that it would start with.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.codec.untar import Kind, Member
from twinbuild.model.plan import BaseLayer
from twinbuild.oci.stack import OpenBlob, Place, Stack, read_files, read_whole

__all__ = ["ImageTree", "TreeDifference", "differences", "read_tree"]

_SHOWN: Final = 16 << 20  # bytes of a file up to which the first difference is looked for
_BEFORE, _AFTER = 8, 24  # bytes that are shown of it
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeDifference:
    """One difference: an absolute path, or a field of the configuration, and what each image has there."""

    path: str
    first: str
    second: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImageTree:
    """An image that was read whole: its configuration, its tree, and the SHA-256 of each regular file."""

    config: Mapping[str, object]
    stack: Stack
    layers: tuple[BaseLayer, ...]
    open_blob: OpenBlob
    digests: Mapping[str, str]


def read_tree(config: Mapping[str, object], layers: tuple[BaseLayer, ...], open_blob: OpenBlob) -> ImageTree:
    """Read every layer. Raises IntegrityError as ``read_stack``; sizes of tars need not be known before."""
    stack, sized, bodies = read_whole(layers, open_blob)
    digests: dict[str, str] = {}
    for paths, _, body in bodies:
        digest = hashlib.sha256()
        while chunk := body.read(_CHUNK):
            digest.update(chunk)
        digests |= dict.fromkeys(paths, digest.hexdigest())
    return ImageTree(config=config, stack=stack, layers=sized, open_blob=open_blob, digests=digests)


def differences(first: ImageTree, second: ImageTree) -> Iterator[TreeDifference]:
    """Every difference of files, by path, then of the configuration. Times of files and layers are none.

    Of a directory that only one image has, what lies in it is counted, not named.
    """
    alone = ""
    for path in sorted(first.stack.places.keys() | second.stack.places.keys()):
        if alone and path.startswith(alone):
            continue
        one, other = first.stack.places.get(path), second.stack.places.get(path)
        if one is None or other is None:
            tree, member = (first, one.member) if one is not None else (second, _member(other))
            alone = f"{path}/" if member.kind is Kind.DIRECTORY else ""
            yield TreeDifference(path=f"/{path}", first=_here(one, tree, path), second=_here(other, tree, path))
            continue
        yield from _members(f"/{path}", one.member, other.member)
        if path in first.digests and path in second.digests and first.digests[path] != second.digests[path]:
            yield _contents(path, first, second)
    yield from _configurations(first.config, second.config)


def _member(place: Place | None) -> Member:
    assert place is not None, "a path is of one image at least"
    return place.member


def _here(place: Place | None, tree: ImageTree, path: str) -> str:
    if place is None:
        return "absent"
    if place.member.kind is not Kind.DIRECTORY:
        return f"a {place.member.kind}"
    below = sum(each.startswith(f"{path}/") for each in tree.stack.places)
    return f"a directory with {counted(below, 'entry', 'entries')} below it"


def _members(path: str, one: Member, other: Member) -> Iterator[TreeDifference]:
    plain = {Kind.HARDLINK: Kind.FILE}  # which of two names is the link is no difference
    if plain.get(one.kind, one.kind) != plain.get(other.kind, other.kind):
        yield TreeDifference(path=path, first=f"a {one.kind}", second=f"a {other.kind}")
        return
    for left, right in zip(_facts(one), _facts(other), strict=True):
        if left != right:
            yield TreeDifference(path=path, first=left, second=right)


def _facts(member: Member) -> tuple[str, str, str]:
    attributes = ", ".join(f"{name}={value.hex()}" for name, value in member.attributes) or "no attributes"
    first = f"link to {member.target}" if member.kind is Kind.SYMLINK else f"mode {member.mode:04o}"
    if member.kind is Kind.SPECIAL:
        first = f"{member.target}, {first}"
    return first, f"owner {member.uid}:{member.gid}", attributes


def _contents(path: str, first: ImageTree, second: ImageTree) -> TreeDifference:
    sizes = [tree.stack.places[path].size for tree in (first, second)]
    if max(sizes) > _SHOWN:
        shown = [
            f"{counted(size, 'byte')}, sha256:{tree.digests[path]}"
            for size, tree in zip(sizes, (first, second), strict=True)
        ]
        return TreeDifference(path=f"/{path}", first=shown[0], second=shown[1])
    left, right = (
        read_files(tree.stack, tree.layers, tree.open_blob, (path,), limit=_SHOWN)[path] for tree in (first, second)
    )
    at = next((index for index, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), min(sizes))
    start = max(0, at - _BEFORE)
    one, other = (f"byte {at}: {side[start : at + _AFTER]!r}" for side in (left, right))
    return TreeDifference(path=f"/{path}", first=one, second=other)


def _configurations(one: Mapping[str, object], other: Mapping[str, object]) -> Iterator[TreeDifference]:
    yield from _fields("", one, other, besides=frozenset({"config", "history", "rootfs"}))
    yield from _fields("config.", one.get("config"), other.get("config"), besides=frozenset())


def _fields(prefix: str, one: object, other: object, *, besides: frozenset[str]) -> Iterator[TreeDifference]:
    left, right = (side if isinstance(side, dict) else {} for side in (one, other))
    for key in sorted((left.keys() | right.keys()) - besides):
        if left.get(key) != right.get(key):
            yield TreeDifference(path=f"{prefix}{key}", first=_shown(left.get(key)), second=_shown(right.get(key)))


def _shown(value: object) -> str:
    return "absent" if value is None else json.dumps(value, ensure_ascii=False)[:200]
