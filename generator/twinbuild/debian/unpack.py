"""All packages of a closure as one tree, as dpkg would leave it, without running anything.

Every data.tar is decompressed once, into a spool file that the caller gives; entries then refer to slices of the spool
and can be read in any order and more than once, while memory holds names only. Packages merge in dependency order, but
nothing except the mode of a directory that several packages ship depends on it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import IO, BinaryIO, Final

from twinbuild.codec.untar import Kind, Member, untar
from twinbuild.debian.archive import Deb, open_payload
from twinbuild.debian.relation import parse_relations
from twinbuild.debian.tree import Root
from twinbuild.errors import Finding, IntegrityError, Location
from twinbuild.model.plan import DebInput
from twinbuild.model.platform import Platform
from twinbuild.model.tree import Content, Directory, Entry, File, Hardlink, Symlink

__all__ = ["Diverted", "Merged", "Unpacked", "aliases", "merge", "spool_deb", "unpack_order"]

_FIRST: Final = ("base-files", "base-passwd")  # what others' directories and users are measured by
_STATIC_IDS: Final = range(100)  # Policy, 9.2.2: ids that every Debian system has
_NOBODY: Final = 65534
_ALIASES: Final = ("bin", "lib", "sbin")  # usr-is-merged(7)
_LIBRARIES: Final = ("lib32", "lib64", "libo32", "libx32")  # made where the platform or a package has them


class _SliceStream(io.RawIOBase):
    """A stream over part of a file that others read too: every read seeks."""

    def __init__(self, file: IO[bytes], offset: int, size: int) -> None:
        self._file = file
        self._offset = offset
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move to ``offset`` from the start, the position or the end; before the start is the start."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: object, /) -> int:
        """Fill a buffer as far as there is something left."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # RawIOBase names no buffer type before 3.12
        wanted = min(len(view), max(0, self._size - self._position))
        self._file.seek(self._offset + self._position)
        chunk = self._file.read(wanted)
        view[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)


@dataclass(frozen=True, slots=True)
class SpoolContent:
    """Content that lies in a spool. Not for several threads at once: they would share the file's position."""

    file: IO[bytes]
    offset: int
    size: int

    def open(self) -> BinaryIO:
        """A new stream from the first byte."""
        return io.BufferedReader(_SliceStream(self.file, self.offset, self.size), 1 << 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """A package whose decompressed data.tar lies in ``spool`` from byte ``start``."""

    deb: Deb
    members: tuple[Member, ...]
    spool: IO[bytes]
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Diverted:
    """A path that ``package`` took over: what others ship there goes ``to`` instead (dpkg-divert(1))."""

    package: str
    path: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The tree, and for each package (in unpack order) the paths that its list names, as shipped."""

    root: Root
    order: tuple[Deb, ...]
    lists: tuple[tuple[str, ...], ...]
    conffiles: Mapping[tuple[str, str], Content]  # as shipped, by package and path


def spool_deb(file: BinaryIO, deb: Deb, spool: IO[bytes]) -> Unpacked:
    """Decompress a package's files to the end of a spool, which must be readable and seekable.

    Packages are independent of each other: several may be spooled at once, each thread into a spool of its own.
    Raises IntegrityError: TB44xx and TB4204 for malformed streams, TB4206 for ids or attributes that no image keeps.
    """
    start = spool.seek(0, io.SEEK_END)
    members = []
    for member, _ in untar(open_payload(file, deb, copy=spool), subject=str(deb)):
        if not member.path:
            continue
        ids_right = all(number in _STATIC_IDS or number == _NOBODY for number in (member.uid, member.gid))
        if not ids_right or member.attributes:
            raise IntegrityError.of(
                "TB4206",
                f"a member of {member.uid}:{member.gid} with {len(member.attributes)} extended attributes, "
                "expected an owner below 100 and no attributes",
                hint="use another version of the package",
                where=f"{deb}!{member.path}",
            )
        members.append(member)
    return Unpacked(deb=deb, members=tuple(members), spool=spool, start=start)


def unpack_order(debs: tuple[DebInput, ...]) -> tuple[str, ...]:
    """Names so that each package follows what it (pre-)depends on, as far as cycles allow; else by name.

    In a cycle a package whose Pre-Depends are there goes first (deb-control(5)). ``base-files`` leads.
    """
    first = {deb.name: frozenset(deb.pre_depends) for deb in debs}
    needs = {deb.name: first[deb.name] | frozenset(deb.depends) for deb in debs}
    done: list[str] = [name for name in _FIRST if name in needs]
    waiting = sorted(needs.keys() - set(done))
    while waiting:
        left = set(waiting)
        chosen = next((name for name in waiting if needs[name].isdisjoint(left - {name})), None)
        chosen = chosen or next((name for name in waiting if first[name].isdisjoint(left - {name})), waiting[0])
        waiting.remove(chosen)
        done.append(chosen)
    return tuple(done)


def aliases(platform: Platform, packages: Iterable[Unpacked]) -> tuple[str, ...]:
    """The top directories that are links into ``usr``, sorted: those of every system, the loader's, those shipped."""
    shipped = {member.path.partition("/")[0] for package in packages for member in package.members}
    loader = platform.loader.partition("/")[0]
    return tuple(sorted({*_ALIASES, *(name for name in _LIBRARIES if name in shipped or name == loader)}))


def merge(
    packages: tuple[Unpacked, ...],
    platform: Platform,
    diverted: tuple[Diverted, ...] = (),
    *,
    ground: Root | None = None,
    owners: Mapping[str, str] | None = None,
) -> Merged:
    """One tree of packages that are given in unpack order, over merged-/usr links or over a copy of ``ground``.

    In a ground, a directory stays as it is, and a file that no package of ``owners`` (path → name) has is overwritten
    unless it is configuration, as dpkg does. Raises IntegrityError with every clash found: TB4205 two packages own a
    path and neither replaces the other's (Policy, 7.6), TB4207 a path that is a directory in one package and something
    else in another.
    """
    if ground is None:
        merging = _Merging(_bare(links := aliases(platform, packages)), links, diverted)
    else:
        merging = _Merging(ground.copy(), _aliases_of(ground), diverted, owners or {})
    for package in packages:
        merging.add(package)
    if merging.findings:
        raise IntegrityError(tuple(merging.findings))
    lists = tuple(tuple(merging.lists[package.deb.name]) for package in packages)
    return Merged(
        root=merging.root, order=tuple(package.deb for package in packages), lists=lists, conffiles=merging.conffiles
    )


def _bare(links: tuple[str, ...]) -> Root:
    """Nothing but the merged-/usr links."""
    root = Root()
    root.put(Directory(path="usr"))
    for name in links:
        root.put(Directory(path=f"usr/{name}"))
        root.link(name, f"usr/{name}")
    return root


def _aliases_of(root: Root) -> tuple[str, ...]:
    return tuple(name for name in (*_ALIASES, *_LIBRARIES) if isinstance(root.get(name), Symlink))


class _Merging:
    """The state of one merge."""

    def __init__(
        self,
        root: Root,
        links: tuple[str, ...],
        diverted: tuple[Diverted, ...],
        installed: Mapping[str, str] | None = None,
    ) -> None:
        self.root = root
        self.findings: list[Finding] = []
        self.lists: dict[str, dict[str, None]] = {}
        self.conffiles: dict[tuple[str, str], Content] = {}
        self._links = frozenset(links)
        self._owners: dict[str, Deb] = {}
        self._shipped: dict[str, str] = {}  # path in the tree → path as the owner's list names it
        self._diverted = {item.path.lstrip("/"): item for item in diverted}  # names as shipped, as in dpkg
        self._installed = installed or {}  # path → package of the ground
        self._before = root.paths() if installed is not None else frozenset[str]()  # of the ground

    def _canonical(self, path: str) -> str:
        top, slash, _ = path.partition("/")
        return f"usr/{path}" if slash and top in self._links else path

    def _destination(self, path: str, package: str) -> str:
        """Where a package's file goes: aside if another diverts it, then through the merged-/usr links."""
        item = self._diverted.get(path)
        place = self._canonical(path if item is None or item.package == package else item.to.lstrip("/"))
        return (self.root.place(place) or place) if self._before else place  # a ground may have links to directories

    def add(self, package: Unpacked) -> None:
        """Merge one package."""
        deb = package.deb
        names = self.lists.setdefault(deb.name, {"/.": None})
        conffiles = frozenset(deb.conffiles)
        for member in package.members:
            names["/" + member.path] = None
            if self._is_alias(member):
                continue
            place = self._destination(member.path, deb.name)
            if member.kind is Kind.FILE and f"/{member.path}" in conffiles:
                self.conffiles[deb.name, f"/{member.path}"] = _content(member, package)
            if member.kind is Kind.DIRECTORY:
                self._directory(member, place, deb)
            elif self._wins(member, place, deb):
                self.root.put(self._entry(member, place, package))
                self._owners[place] = deb
                self._shipped[place] = "/" + member.path

    def _is_alias(self, member: Member) -> bool:
        """Whether a package ships a merged-/usr link itself, or its directory under the old name."""
        if member.path not in self._links:
            return False
        return member.kind is Kind.DIRECTORY or member.target in (f"usr/{member.path}", f"/usr/{member.path}")

    def _directory(self, member: Member, place: str, deb: Deb) -> None:
        there = self.root.get(place)
        if place in self._before and self._leads_to_directory(place):
            return  # of the ground, with the mode that it has there
        if there is None or (isinstance(there, Directory) and place not in self._owners):
            if self._way_is_free(member, place, deb):
                self.root.put(Directory(path=place, mode=member.mode, uid=member.uid, gid=member.gid))
                self._owners[place] = deb
        elif not isinstance(there, Directory):
            self._clash("TB4207", "a directory here and something else", place, deb)

    def _leads_to_directory(self, place: str) -> bool:
        found = self.root.follow(place)
        return bool(found) and isinstance(self.root.get(found or ""), Directory)

    def _wins(self, member: Member, place: str, deb: Deb) -> bool:
        """Whether this package's file takes the place, which may be another's."""
        there = self.root.get(place)
        if there is None:
            return self._way_is_free(member, place, deb)
        owner = self._owners.get(place)
        if owner is None and place in self._before and not isinstance(there, Directory):
            other = self._installed.get(place, deb.name)  # a removed package may have left its configuration
            if not (mine := other == deb.name or (deb.multi_arch == "same" and other.startswith(f"{deb.name}:"))):
                self._clash("TB4205", "shipped", place, deb, owner=f"{other} of the base, too")
            return mine and f"/{member.path}" not in deb.conffiles
        if isinstance(there, Directory) or owner is None:
            self._clash("TB4207", f"a {member.kind} here and a directory", place, deb)
            return False
        if _replaces(deb, owner):
            self.lists[owner.name].pop(self._shipped[place], None)
            return True
        if not _replaces(owner, deb):
            self._clash("TB4205", "shipped here too without Replaces", place, deb)
        else:
            self.lists[deb.name].pop("/" + member.path, None)
        return False

    def _way_is_free(self, member: Member, place: str, deb: Deb) -> bool:
        above = self.root.get(place.rpartition("/")[0]) if "/" in place else None
        if self.root.place(place) == place and (above is None or isinstance(above, Directory)):
            return True
        self._clash("TB4207", f"a {member.kind} here below a link or file", place, deb)
        return False

    def _entry(self, member: Member, place: str, package: Unpacked) -> Entry:
        if member.kind is Kind.SYMLINK:
            return Symlink(path=place, target=member.target, uid=member.uid, gid=member.gid)
        if member.kind is Kind.HARDLINK:
            return Hardlink(path=place, target=self._destination(member.target, package.deb.name))
        return File(path=place, content=_content(member, package), mode=member.mode, uid=member.uid, gid=member.gid)

    def _clash(self, code: str, what: str, place: str, deb: Deb, *, owner: object = None) -> None:
        owner = (
            owner
            or self._owners.get(place)
            or next((self._owners[above] for above in _parents(place) if above in self._owners), None)
        )
        hint = "leave out one of the packages"
        if self._before and not isinstance(owner, Deb):
            hint = "leave the package out, or name a base without that path"
        self.findings.append(
            Finding(
                code=code,
                message=f"/{place} of {deb} is {what} in "
                f"{owner or ('the base' if self._before else 'the merged /usr')}",
                hint=hint,
                where=Location(subject=f"{deb}!{place}"),
            )
        )


def _content(member: Member, package: Unpacked) -> SpoolContent:
    return SpoolContent(package.spool, package.start + member.offset, member.size)


def _parents(path: str) -> Iterable[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _replaces(deb: Deb, other: Deb) -> bool:
    """Whether ``deb`` may overwrite files of ``other`` (Policy, 7.6.1)."""
    groups = parse_relations(deb.field("Replaces"))
    return any(term.name == other.name and term.admits(other.version) for group in groups for term in group)
