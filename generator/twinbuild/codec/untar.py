"""The one strict reader of tar streams that others made (POSIX ustar and pax, GNU long names).

It never touches a file system: members become values, and their bytes are read from the stream while it passes. A
member that two readers could understand in two ways is refused: an escaping, absolute or repeated path, a member below
a link or a file, a hard link to something that is not there yet, two long names for one member, devices, sparse files,
unknown extensions, a wrong header sum, a cut-off or glued-on archive.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from twinbuild.codec.amounts import counted
from twinbuild.codec.pax import Extension, decoded, number, refusal
from twinbuild.errors import IntegrityError
from twinbuild.model.tree import check_path, check_target

__all__ = ["Body", "Kind", "Limits", "Member", "Readable", "untar"]

BLOCK: Final = 512
_CHUNK: Final = 1 << 18
_ZERO: Final = bytes(BLOCK)
_TRAILER: Final = 1 << 20  # zero bytes that a blocking factor may leave behind the end mark
_IGNORED: Final = frozenset({"atime", "ctime", "comment", "SCHILY.dev", "SCHILY.ino", "SCHILY.nlink"})
_KNOWN: Final = frozenset({"path", "linkpath", "size", "uid", "gid", "uname", "gname", "mtime"})
_ATTRIBUTE: Final = "SCHILY.xattr."
_UNFIT: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # in names: control characters, lone surrogates
_TIME: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{0,20})?", re.ASCII)
_DEVICES: Final = {b"3": "a character device", b"4": "a block device", b"6": "a FIFO"}


class Readable(Protocol):
    """A stream that is only read forward. ``read`` may return less than asked for; nothing means the end."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes."""


class Kind(StrEnum):
    """What a member is."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    HARDLINK = "hardlink"
    SPECIAL = "special file"  # a device or a FIFO, of which nothing is made


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an archive may cost. Sizes are bytes."""

    members: int = 500_000
    file_size: int = 16 << 30
    total_size: int = 32 << 30  # of the tar stream, headers included
    header_size: int = 1 << 20  # of a long name or a pax header


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member. ``path`` is normal and relative (``./a/`` is ``a``); the archive's own root is the empty string.

    ``offset`` is where its ``size`` bytes begin in the tar stream: a spooled stream can be read again from there.
    ``mode`` is permission bits only. ``target`` is the text of a symbolic link, or the normal path of the earlier
    member that a hard link names; of a special file it says which one it is. ``mtime`` is whole seconds, rounded down.
    """

    path: str
    kind: Kind
    mode: int
    uid: int
    gid: int
    user: str
    group: str
    mtime: int
    size: int = 0
    offset: int = 0
    target: str = ""
    attributes: tuple[tuple[str, bytes], ...] = ()  # extended attributes (SCHILY.xattr), sorted by name


class _Source:
    """A stream with a position and a limit that reads exactly or fails."""

    def __init__(self, stream: Readable, subject: str, limit: int) -> None:
        self._stream = stream
        self._subject = subject
        self._limit = limit
        self.position = 0

    def some(self, size: int) -> bytes:
        """Up to ``size`` bytes; nothing at the end."""
        chunk = self._stream.read(size)
        self.position += len(chunk)
        if self.position > self._limit:
            raise refusal("TB4404", f"the stream is longer than {self._limit} bytes", self._subject)
        return chunk

    def exactly(self, size: int) -> bytes:
        """``size`` bytes."""
        chunk = self.some(size)
        if len(chunk) == size:
            return chunk
        parts = [chunk]
        missing = size - len(chunk)
        while missing:
            chunk = self.some(missing)
            if not chunk:
                raise refusal("TB4401", f"the stream ends {counted(missing, 'byte')} early", self._subject)
            parts.append(chunk)
            missing -= len(chunk)
        return b"".join(parts)

    def skip(self, size: int) -> None:
        """Read ``size`` bytes and forget them."""
        while size:
            chunk = self.some(min(size, _CHUNK))
            if not chunk:
                raise refusal("TB4401", f"the stream ends {counted(size, 'byte')} early", self._subject)
            size -= len(chunk)


class Body:
    """The bytes of the member that the iteration is at; what is left unread is skipped when it goes on."""

    __slots__ = ("_left", "_source")

    def __init__(self, source: _Source, size: int) -> None:
        self._source = source
        self._left = size

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes (negative: all that is left); nothing at the end."""
        wanted = self._left if size < 0 else min(size, self._left)
        chunk = self._source.exactly(wanted) if wanted else b""
        self._left -= len(chunk)
        return chunk

    def finish(self) -> None:
        """Skip what is left."""
        self._source.skip(self._left)
        self._left = 0


def untar(
    stream: Readable, *, subject: str, limits: Limits | None = None, special: bool = False, anything: bool = False
) -> Iterator[tuple[Member, Body]]:
    """The members of a tar stream in order, each with its bytes, which must be read before the next is asked for.

    ``subject`` names the archive in errors; ``special`` files are refused unless asked for. ``anything`` that a file
    system holds is for those who say themselves what they refuse: special files, names with control characters or of
    bytes that are no UTF-8 (as lone surrogates, PEP 383), hard links to what is no file.
    Raises IntegrityError: TB4401 malformed or cut off, TB4402 a kind of member or extension that is refused, TB4403 a
    path or link that could escape or clash, TB4404 above a limit.
    """
    limits = limits or Limits()
    source = _Source(stream, subject, limits.total_size)
    names = _Names(subject, anything=anything)
    extension = Extension()
    count = 0
    while (header := source.exactly(BLOCK)) != _ZERO:
        kind, size = _open_header(header, subject)
        if kind in (b"L", b"K", b"x", b"g"):
            if size > limits.header_size:
                raise refusal("TB4404", f"an extension header of {size} bytes, at most {limits.header_size}", subject)
            content = source.exactly(size)
            source.skip(-size % BLOCK)
            extension.add(kind, content, subject)
            continue
        count += 1
        if count > limits.members:
            raise refusal("TB4404", f"more than {limits.members} members", subject)
        if kind in _DEVICES and not (special or anything):
            raise refusal("TB4402", _kind_refused(_DEVICES[kind]), subject, _raw(header, extension, subject))
        member = _member(header, kind, size, extension, subject=subject, offset=source.position, anything=anything)
        if member.size > limits.file_size:
            raise refusal("TB4404", f"a file of {member.size} bytes, at most {limits.file_size}", subject, member.path)
        names.add(member)
        extension = Extension()
        body = Body(source, member.size)
        yield member, body
        body.finish()
        source.skip(-member.size % BLOCK)
    if extension.used:
        raise refusal("TB4401", "an extension header without a member", subject)
    _finish(source, subject)


def _finish(source: _Source, subject: str) -> None:
    """POSIX: two zero blocks; GNU pads to the blocking factor with more. Nothing may follow."""
    if source.exactly(BLOCK) != _ZERO:
        raise refusal("TB4401", "a single zero block where the end mark is two", subject)
    left = _TRAILER
    while chunk := source.some(_CHUNK):
        left -= len(chunk)
        if chunk.count(0) != len(chunk) or left < 0:
            raise refusal("TB4401", "bytes after the end of the archive", subject)


def _open_header(header: bytes, subject: str) -> tuple[bytes, int]:
    """Check sum and format of a header block; its type flag and size."""
    stated = number(header[148:156], subject)
    if stated != sum(header) - sum(header[148:156]) + 8 * 32:
        raise refusal("TB4401", "a header whose sum is wrong", subject)
    if header[257:265] not in (b"ustar\x0000", b"ustar  \x00"):
        raise refusal("TB4401", f"a header of unknown format {header[257:265]!r}", subject)
    kind = header[156:157]
    return (b"0" if kind == b"\0" else kind), number(header[124:136], subject)


def _raw(header: bytes, extension: Extension, subject: str, *, anything: bool = False) -> str:
    """The path as it is written."""
    name = header[:100]
    if header[257:263] == b"ustar\0" and header[345:500].strip(b"\0"):
        name = header[345:500].partition(b"\0")[0] + b"/" + name
    return extension.text(b"L", "path", name, subject, anything=anything)


def _member(
    header: bytes, flag: bytes, size: int, extension: Extension, *, subject: str, offset: int, anything: bool
) -> Member:
    raw = _raw(header, extension, subject, anything=anything)
    kind = _kind(flag, raw, subject)
    path = _path(raw, kind, subject, anything=anything)
    for key in extension.pax:
        if key not in _KNOWN and key not in _IGNORED and not key.startswith(_ATTRIBUTE):
            raise refusal("TB4402", f"the pax extension {key[:80]!r}", subject, path)
    size = extension.number("size", size, subject)
    if kind is not Kind.FILE and size:
        raise refusal("TB4401", f"a {kind} with {counted(size, 'byte')} of content", subject, path)
    target = ""
    if kind in (Kind.SYMLINK, Kind.HARDLINK):
        target = extension.text(b"K", "linkpath", header[157:257], subject, anything=anything)
        target = _link(target, kind, path, subject, anything=anything)
    elif kind is Kind.SPECIAL:
        target = _DEVICES[flag]
        if flag != b"6":
            target += f" {number(header[329:337], subject)}:{number(header[337:345], subject)}"
    attributes = ((k.removeprefix(_ATTRIBUTE), v) for k, v in extension.pax.items() if k.startswith(_ATTRIBUTE))
    return Member(
        path=path,
        kind=kind,
        mode=number(header[100:108], subject) & 0o7777,
        uid=extension.number("uid", number(header[108:116], subject), subject),
        gid=extension.number("gid", number(header[116:124], subject), subject),
        user=extension.text(b"", "uname", header[265:297], subject),
        group=extension.text(b"", "gname", header[297:329], subject),
        mtime=_mtime(extension, header, subject),
        size=size,
        offset=offset,
        target=target,
        attributes=tuple(sorted(attributes)),
    )


def _kind(flag: bytes, raw: str, subject: str) -> Kind:
    match flag:
        case b"0":
            return Kind.FILE
        case b"5":
            return Kind.DIRECTORY
        case b"2":
            return Kind.SYMLINK
        case b"1":
            return Kind.HARDLINK
        case b"3" | b"4" | b"6":
            return Kind.SPECIAL
    what = "a sparse file" if flag == b"S" else f"a member of type {flag!r}"
    raise refusal("TB4402", _kind_refused(what), subject, raw)


def _kind_refused(what: str) -> str:
    return f"{what} is refused, expected files, directories and links"


def _path(raw: str, kind: Kind, subject: str, *, anything: bool) -> str:
    path = raw.removeprefix("./")
    if kind is Kind.DIRECTORY:
        path = path.removesuffix("/")
        if path in ("", ".") and raw in (".", "./"):
            return ""
    _checked(path, subject, anything=anything)
    return path


def _checked(path: str, subject: str, *, anything: bool) -> None:
    try:
        check_path(_UNFIT.sub("?", path) if anything else path)
    except IntegrityError as error:
        raise refusal("TB4403", error.findings[0].message, subject) from error


def _link(target: str, kind: Kind, path: str, subject: str, *, anything: bool) -> str:
    if kind is Kind.HARDLINK:
        target = target.removeprefix("./")
        _checked(target, subject, anything=anything)
    elif kind is Kind.SYMLINK:
        try:
            check_target(_UNFIT.sub("?", target) if anything else target)
        except IntegrityError as error:
            raise refusal("TB4403", error.findings[0].message, subject, path) from error
    return target


def _mtime(extension: Extension, header: bytes, subject: str) -> int:
    if "mtime" not in extension.pax:
        return number(header[136:148], subject)
    text = decoded(extension.pax["mtime"], subject)
    if not _TIME.fullmatch(text):
        raise refusal("TB4401", f"pax mtime is {text[:40]!r}, expected seconds", subject)
    whole, _, fraction = text.partition(".")
    return int(whole) - (1 if text.startswith("-") and fraction.strip("0") else 0)


class _Names:
    """The paths seen so far, so that no member can repeat, hide or lie below another."""

    def __init__(self, subject: str, *, anything: bool) -> None:
        self._subject = subject
        self._linked = frozenset(Kind) - {Kind.DIRECTORY} if anything else frozenset({Kind.FILE})
        self._kinds: dict[str, Kind] = {}
        self._parents: set[str] = set()

    def add(self, member: Member) -> None:
        """Refuse a member that clashes with an earlier one."""
        path, kinds = member.path, self._kinds
        if path in kinds:
            raise refusal("TB4403", "a path that occurs twice", self._subject, path)
        if member.kind is not Kind.DIRECTORY and path in self._parents:
            raise refusal("TB4403", f"a {member.kind} with members below it", self._subject, path)
        parent = path.rpartition("/")[0]
        while parent and parent not in self._parents:
            if kinds.get(parent, Kind.DIRECTORY) is not Kind.DIRECTORY:
                raise refusal("TB4403", f"a member below the {kinds[parent]} {parent!r}", self._subject, path)
            self._parents.add(parent)
            parent = parent.rpartition("/")[0]
        if member.kind is Kind.HARDLINK and kinds.get(member.target) not in self._linked:
            raise refusal("TB4403", f"a hard link to {member.target!r}, which is no earlier file", self._subject, path)
        kinds[path] = member.kind
