"""BuildKit's tree → the planned layers, written by our own layer writer.

No rubber stamp: the bytes, mode, owner, link and extended attributes of every file are those that BuildKit exported.
The plan says only which paths there may be and which layer each lies in. What it does not plan, what it plans and is
missing, a deletion, and a change of the base are each refused by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from twinbuild.build.docker.exported import Exported, Found, Slice
from twinbuild.build.docker.planned import Claims
from twinbuild.codec.untar import Kind, Member
from twinbuild.errors import Finding, IntegrityError, Location, NotReproducible
from twinbuild.model.tree import Directory, Entry, File, Hardlink, Symlink, check_path, check_target
from twinbuild.oci.tar import canonical_order

__all__ = ["BaseEntry", "partition"]

_WHITEOUT: Final = ".wh."
_MOST: Final = 50  # findings: many have one cause
_REMEDY: Final = "look at the step of the Dockerfile that makes it; `twinbuild compare` shows files of two images"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseEntry:
    """What the base has at a path ("": its root), as far as a build may not change it."""

    kind: Kind
    mode: int
    uid: int
    gid: int


_ROOT: Final = BaseEntry(kind=Kind.DIRECTORY, mode=0o755, uid=0, gid=0)  # of a base whose layers do not say


class _Tree:
    """The files above the base, the last word on each; and what was wrong on the way."""

    def __init__(self) -> None:
        self.found: dict[str, Found] = {}
        self.files: dict[tuple[Path, str], Member] = {}  # of each layer, whatever became of their names
        self.root: Member | None = None  # the root directory itself, where the engine states it
        self.findings: list[Finding] = []

    def object_to(self, code: str, path: str, message: str) -> None:
        path = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        if len(self.findings) < _MOST:
            self.findings.append(Finding(code=code, message=message, hint=_REMEDY, where=Location(subject=f"/{path}")))


def partition(
    exported: Exported, base: Mapping[str, BaseEntry], claims: Sequence[Claims]
) -> tuple[tuple[Entry, ...], ...]:
    """The entries of each planned layer above the base, in the writer's order; ``claims`` has one item for each.

    Raises NotReproducible with every finding: TB5221 an unplanned path, TB5222 a planned one that is missing, TB5223 a
    deletion, TB5224 a change of the base, TB5225 an extended attribute, TB5228 what no layer can hold.
    """
    tree = _Tree()
    for layer in exported.layers:
        for item in layer:
            _lay(tree, item)
    owners = _owners(tree, base, claims)
    planned = frozenset[str]().union(*map(_wanted, claims, owners))
    _check_directories(tree, base, claims, planned)
    empty = frozenset(path for path in tree.found if path not in planned and _is_directory(tree, path))
    layers = [
        canonical_order(_entries(tree, base, claim, paths, empty)) for claim, paths in zip(claims, owners, strict=True)
    ]
    if tree.findings:
        raise NotReproducible(tuple(tree.findings))
    return tuple(layers)


def _lay(tree: _Tree, item: Found) -> None:
    member = item.member
    if not member.path:
        tree.root = member
        return
    directory, _, name = member.path.rpartition("/")
    if name.startswith(_WHITEOUT):
        hidden = f"{directory}/{name.removeprefix(_WHITEOUT)}".lstrip("/")
        tree.object_to("TB5223", hidden, f"a step deletes {hidden!r}, and no planned layer deletes anything")
        return
    reason = _unfit(tree, item)
    if reason:
        tree.object_to("TB5228", member.path, f"a step leaves {member.path!r}, which {reason}; no layer can hold it")
        return
    if member.attributes:
        names = ", ".join(name for name, _ in member.attributes)
        tree.object_to("TB5225", member.path, f"{member.path!r} has the extended attribute {names}, expected none")
    tree.found[member.path] = item
    if member.kind is Kind.FILE:
        tree.files[item.layer, member.path] = member


def _unfit(tree: _Tree, item: Found) -> str:
    """Why a member can be in no layer of ours; "" for one that can."""
    member = item.member
    if member.kind is Kind.SPECIAL:
        return f"is {member.target}"
    if member.kind is Kind.HARDLINK and (item.layer, member.target) not in tree.files:
        return f"is a hard link to {member.target!r}, which is no plain file"
    try:
        check_path(member.path)
    except IntegrityError:
        return "is a name with control characters, or of bytes that are no UTF-8"
    try:
        check_target(member.target or "none")
    except IntegrityError:
        return f"is a link to {member.target!r}: control characters, or bytes that are no UTF-8"
    return ""


def _owners(tree: _Tree, base: Mapping[str, BaseEntry], claims: Sequence[Claims]) -> list[list[str]]:
    """For each layer the paths of files and links that it gets; two layers may have the same."""
    owners: list[list[str]] = [[] for _ in claims]
    for path in sorted(tree.found):
        member = tree.found[path].member
        if member.kind is Kind.DIRECTORY:
            continue
        claiming = [number for number, claim in enumerate(claims) if claim.has(path)]
        claiming = claiming or [number for number, claim in enumerate(claims) if claim.may_have(path)]
        for number in claiming:
            owners[number].append(path)
        if claiming:
            continue
        if path in base:
            tree.object_to("TB5224", path, f"a step changes {path!r} of the base")
        else:
            tree.object_to("TB5221", path, f"a step leaves {path!r}, which no planned layer has")
    return owners


def _is_directory(tree: _Tree, path: str) -> bool:
    return tree.found[path].member.kind is Kind.DIRECTORY


def _check_directory(tree: _Tree, path: str, member: Member, known: BaseEntry) -> None:
    """A directory of the base is as it was."""
    if (known.kind, known.mode, known.uid, known.gid) != (member.kind, member.mode, member.uid, member.gid):
        was = f"{known.kind} {known.mode:04o} {known.uid}:{known.gid}"
        now = f"{member.kind} {member.mode:04o} {member.uid}:{member.gid}"
        tree.object_to("TB5224", path, f"a step changes {path or '/'!r} of the base: it was {was}, and is {now}")


def _check_directories(
    tree: _Tree, base: Mapping[str, BaseEntry], claims: Sequence[Claims], planned: frozenset[str]
) -> None:
    if tree.root is not None:
        _check_directory(tree, "", tree.root, base.get("", _ROOT))
        if tree.root.attributes:
            tree.object_to("TB5225", "", "the root directory has extended attributes, expected none")
    for path in sorted(tree.found):
        member = tree.found[path].member
        if member.kind is not Kind.DIRECTORY:
            continue
        known = base.get(path)
        if known is not None:
            _check_directory(tree, path, member, known)
        elif path not in planned and not any(claim.may_have(path) for claim in claims):
            tree.object_to("TB5221", path, f"a step leaves the directory {path!r}, which no planned layer has")


def _wanted(claim: Claims, paths: Sequence[str]) -> frozenset[str]:
    """The directories that a layer has: its own, and all that its files lie in."""
    return claim.directories.union(*map(_parents, paths))


def _entries(
    tree: _Tree, base: Mapping[str, BaseEntry], claim: Claims, paths: Sequence[str], empty: frozenset[str]
) -> Iterator[Entry]:
    mine = set(paths)
    for path in sorted(claim.files - mine):
        tree.object_to("TB5222", path, f"{path!r} is planned, and the build has not left it")
    for path in paths:
        yield _entry(tree, tree.found[path])
    for path in sorted(_wanted(claim, paths) | {path for path in empty if claim.may_have(path)}):
        found = tree.found.get(path)
        if found is not None:
            yield _directory(path, found.member)
        elif path in base:
            yield _directory(path, base[path])
        else:
            tree.object_to("TB5222", path, f"the directory {path!r} is planned, and the build has not left it")


def _directory(path: str, found: Member | BaseEntry) -> Directory:
    return Directory(path=path, mode=found.mode, uid=found.uid, gid=found.gid)


def _entry(tree: _Tree, found: Found) -> Entry:
    member = found.member
    match member.kind:
        case Kind.SYMLINK:
            return Symlink(path=member.path, target=member.target, uid=member.uid, gid=member.gid)
        case Kind.HARDLINK:
            named = tree.found.get(member.target)
            if named is not None and named.layer == found.layer:
                return Hardlink(path=member.path, target=member.target)
            member = replace(
                tree.files[found.layer, member.target], path=member.path
            )  # its name means another file now
    content = Slice(found.layer, member.offset, member.size)
    return File(path=member.path, content=content, mode=member.mode, uid=member.uid, gid=member.gid)


def _parents(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path
