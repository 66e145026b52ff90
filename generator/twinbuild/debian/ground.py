"""A system that is there already, to which packages are added: its tree, and what dpkg's database says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.debian.database import ADMIN
from twinbuild.debian.effects import SetOwner
from twinbuild.debian.hermetic import diversions, overrides
from twinbuild.debian.installed import STATUS, installed_packages
from twinbuild.debian.tree import Root
from twinbuild.debian.unpack import Diverted
from twinbuild.errors import BuildError
from twinbuild.model.platform import Platform
from twinbuild.model.tree import Directory, Entry, File, Hardlink, Symlink

__all__ = ["Ground", "additions", "read_ground"]

_ACCOUNTS: Final = frozenset(f"etc/{name}" for name in ("passwd", "group", "shadow", "gshadow"))
_OURS: Final = (f"{ADMIN}/", "etc/ld.so.cache")  # rewritten in the base's place, not shipped by a package


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """``root`` is the tree, of which only copies are changed. ``owners`` says which package ships a file.

    Keys of ``owners`` are paths in the tree, whatever links the names in dpkg's lists lead through. A package of
    another architecture is ``NAME:ARCHITECTURE``.
    """

    root: Root
    owners: Mapping[str, str]
    diverted: tuple[Diverted, ...]
    overridden: tuple[SetOwner, ...]
    dpkg: str  # version of the package dpkg, "" where there is none


def read_ground(root: Root, platform: Platform, *, subject: str) -> Ground:
    """What the database in a tree says.

    Raises BuildError TB4220 where there is none, or the system is one whose ``/usr`` is not merged; IntegrityError
    TB2101 for a malformed one.
    """
    if root.file(STATUS) is None:
        raise _unfit("it has no database of dpkg (/var/lib/dpkg/status)", subject)
    for name in ("bin", "lib"):
        if root.follow(name) != f"usr/{name}":
            raise _unfit(f"/{name} does not lead to /usr/{name} (the system is older than Debian 12)", subject)
    status = root.read(STATUS).decode("utf-8", "replace")  # names and versions are ASCII, whatever descriptions are
    installed = installed_packages(status, architecture=platform.debian, where=f"{subject}!{STATUS}")
    owners: dict[str, str] = {}
    for name in root.names(f"{ADMIN}/info"):
        if name.endswith(".list"):
            package = name.removesuffix(".list").removesuffix(f":{platform.debian}")
            for line in _text(root, f"{ADMIN}/info/{name}").split("\n"):
                place = root.place(line)
                if place and isinstance(root.get(place), (File, Hardlink, Symlink)):
                    owners[place] = package
    return Ground(
        root=root,
        owners=owners,
        diverted=diversions(_text(root, f"{ADMIN}/diversions")),
        overridden=overrides(_text(root, f"{ADMIN}/statoverride")),
        dpkg=next((package.version for package in installed if package.name == "dpkg"), ""),
    )


def _text(root: Root, path: str) -> str:
    return root.read(path).decode("utf-8", "surrogateescape") if root.file(path) is not None else ""


def _unfit(why: str, subject: str) -> BuildError:
    return BuildError.of(
        "TB4220",
        f"packages cannot be added to the base: {why}",
        hint="name a base made of Debian 12 or newer, or of Ubuntu 22.04 or newer, with its dpkg",
        where=subject,
    )


def additions(root: Root, ground: Ground) -> Root:
    """What a tree has beyond that of its ground: new and different entries, with the directories that they lie in.

    Accounts and dpkg's own files keep the mode and the owner that they have in the ground. Raises BuildError TB4221
    for paths of the ground that are gone: the base's layers would still have them.
    """
    before = ground.root
    fresh = Root()
    gone = sorted(before.paths() - root.paths())
    if gone:
        others = f" and {counted(len(gone) - 1, 'other')}" if len(gone) > 1 else ""
        raise BuildError.of(
            "TB4221",
            f"a package deletes /{gone[0]}{others} of the base",
            hint="leave the package out, or name a base that has it already",
            where=f"/{gone[0]}",
        )
    changed: dict[str, Entry] = {}
    for path in sorted(root.paths()):
        old = before.get(path)
        entry = _settled(root.get(path), old)
        if old is not entry and (old is None or not _same(entry, old, root, before)):
            changed[path] = entry
    names: dict[str, str] = {}  # a file that the base's layers have alone → its first name in ours
    for path, entry in changed.items():
        for at in (number for number, sign in enumerate(path) if sign == "/"):
            above = root.get(path[:at])
            if isinstance(above, Directory) and fresh.get(path[:at]) is None:
                fresh.put(above)
        if not isinstance(entry, Hardlink) or entry.target in changed:
            fresh.put(entry)
        elif (name := names.setdefault(entry.target, path)) != path:
            fresh.put(Hardlink(path=path, target=name))
        else:
            file = _resolved(entry, root)
            fresh.put(File(path=path, content=file.content, mode=file.mode, uid=file.uid, gid=file.gid))
    return fresh


def _settled(entry: Entry | None, old: Entry | None) -> Entry:
    assert entry is not None, "it is one of the tree's paths"
    ours = entry.path in _ACCOUNTS or entry.path.startswith(_OURS)
    if ours and isinstance(entry, File) and isinstance(old, File):
        return File(path=entry.path, content=entry.content, mode=old.mode, uid=old.uid, gid=old.gid)
    return entry


def _same(entry: Entry, old: Entry, root: Root, before: Root) -> bool:
    if not isinstance(entry, (File, Hardlink)) or not isinstance(old, (File, Hardlink)):
        return entry == old
    one, other = _resolved(entry, root), _resolved(old, before)
    if one is other:
        return True
    if (one.mode, one.uid, one.gid, one.content.size) != (other.mode, other.uid, other.gid, other.content.size):
        return False
    with one.content.open() as first, other.content.open() as second:
        while chunk := first.read(1 << 20):
            if chunk != second.read(len(chunk)):
                return False
    return True


def _resolved(entry: File | Hardlink, root: Root) -> File:
    file = entry if isinstance(entry, File) else root.file(entry.target)
    assert file is not None, "a hard link leads to a file"
    return file
