"""A strict reader of zip archives from strangers (APPNOTE.TXT 6.3), on an open file that can be sought in.

An archive is accepted only if every reader in the world must understand it alike: the members tile the file without
gap or overlap from its first byte to the central directory, the directory ends where the end record begins, the end
record ends the file, and each local header says what the directory says. Nothing is unpacked here.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Final

from twinbuild.codec.amounts import counted
from twinbuild.errors import IntegrityError
from twinbuild.model.tree import check_path
from twinbuild.wheel.directory import ZIP64, CentralEntry, extra_fields, read_directory
from twinbuild.wheel.faults import fault
from twinbuild.wheel.member import DEFLATED, LIMITS, STORED, Limits, Member
from twinbuild.wheel.names import parents
from twinbuild.wheel.stream import Hasher, MemberStream

__all__ = ["Archive", "open_archive"]

_LOCAL: Final = struct.Struct("<4s5H3L2H")
_MAX32: Final = 0xFFFFFFFF
_ENCRYPTED: Final = 0x2041  # bits 0 (encrypted), 6 (strongly), 13 (masked headers)
_DESCRIPTOR: Final = 0x0008  # bit 3: CRC and sizes follow the member
_UTF8: Final = 0x0800  # bit 11: the name is UTF-8
_KNOWN: Final = _DESCRIPTOR | _UTF8 | 0x0006  # bits 1 and 2: how hard the writer compressed
_TYPES: Final = {0o120000: "symbolic link", 0o020000: "character device", 0o060000: "block device", 0o010000: "FIFO"}
_MOST: Final = 1032  # deflate cannot shrink bytes further than 1032 : 1
_SMALL: Final = 1 << 20  # bytes: more than any document in a wheel's dist-info but RECORD


@dataclass(frozen=True, slots=True, eq=False)
class Archive:
    """A checked archive. ``members`` are in the order of the central directory; the file must stay open."""

    name: str  # for messages: the file name of the wheel
    members: tuple[Member, ...]
    file: BinaryIO

    def open(
        self, member: Member, *, hasher: Callable[[], Hasher] | None = None, expected: bytes = b""
    ) -> MemberStream:
        """A stream of the unpacked bytes, which raises IntegrityError where it should end if they are wrong."""
        return MemberStream(self.file, member, archive=self.name, hasher=hasher, expected=expected)

    def read(self, member: Member, *, limit: int = _SMALL) -> bytes:
        """A whole small member. Raises IntegrityError TB4013 if it is larger than ``limit`` bytes."""
        if member.size > limit:
            raise fault(
                "TB4013",
                f"{counted(member.size, 'byte')}, at most {limit} are read of such a document",
                archive=self.name,
                member=member.name,
            )
        with self.open(member) as stream:
            return stream.read()


def open_archive(file: BinaryIO, *, name: str, limits: Limits = LIMITS) -> Archive:
    """Check the whole structure of a zip archive without unpacking a byte.

    ``name`` stands in messages. Raises IntegrityError: TB4001 to TB4003 (end record, directory), TB4004 (bytes that
    belong to no member), TB4005 (overlap), TB4006 (two members for one path), TB4007 (headers disagree), TB4008
    (encrypted), TB4009 (method), TB4010 (name), TB4011 (type or mode), TB4012 (extra fields), TB4013 (limits).
    """
    entries, end = read_directory(file, archive=name, limits=limits)
    _check_total(entries, name, limits)
    members = tuple(_member(file, entry, name, limits) for entry in entries)
    _check_tiles(file, sorted(zip(members, entries, strict=True), key=_header), end, name)
    _check_names(members, name)
    return Archive(name, members, file)


def _header(pair: tuple[Member, CentralEntry]) -> int:
    return pair[0].header


def _check_total(entries: tuple[CentralEntry, ...], archive: str, limits: Limits) -> None:
    size = sum(entry.size for entry in entries)
    packed = sum(entry.packed_size for entry in entries)
    if size > limits.total_size or (size > limits.ratio_from and size > packed * limits.total_ratio):
        raise fault(
            "TB4013",
            f"{counted(packed, 'byte')} would be {size}, at most {limits.total_size} and {limits.total_ratio} times",
            archive=archive,
        )


def _member(file: BinaryIO, entry: CentralEntry, archive: str, limits: Limits) -> Member:
    """The member of an entry whose local header agrees with it."""
    name = _decode(entry, archive)
    if entry.flags & _ENCRYPTED:
        raise fault("TB4008", "member is encrypted", archive=archive, member=name)
    if entry.flags & ~_KNOWN:
        raise fault("TB4008", f"member has unknown flags {entry.flags:#06x}", archive=archive, member=name)
    if entry.method not in (STORED, DEFLATED):
        raise fault(
            "TB4009", f"method {entry.method}, expected 0 (stored) or 8 (deflate)", archive=archive, member=name
        )
    mode = _mode(entry, name, archive)
    _check_size(entry, name, archive, limits)
    file.seek(entry.header)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
        raise fault("TB4007", f"no local header at byte {entry.header}", archive=archive, member=name)
    fields = _LOCAL.unpack(header)
    rest = file.read(fields[9] + fields[10])
    if len(rest) < fields[9] + fields[10]:
        raise fault("TB4007", "local header is cut off", archive=archive, member=name)
    _compare(entry, fields, rest, name, archive)
    return Member(
        name=name,
        method=entry.method,
        crc=entry.crc,
        size=entry.size,
        packed_size=entry.packed_size,
        mode=mode,
        header=entry.header,
        body=entry.header + _LOCAL.size + len(rest),
    )


def _decode(entry: CentralEntry, archive: str) -> str:
    """The name as text, if every reader gets that same text and it stays below the root."""
    shown = entry.raw_name.decode("utf-8", "backslashreplace")
    try:
        name = entry.raw_name.decode("utf-8" if entry.flags & _UTF8 else "ascii")
    except UnicodeDecodeError:
        raise fault("TB4010", "name is neither ASCII nor marked as UTF-8", archive=archive, member=shown) from None
    try:
        check_path(name.removesuffix("/"))
    except IntegrityError as error:
        raise fault("TB4010", error.findings[0].message, archive=archive, member=shown) from None
    if name[1:2] == ":" or not {"\\", "\u2028", "\u2029"}.isdisjoint(name):
        raise fault(
            "TB4010", f"name {name!r} has a drive, a backslash or a line separator", archive=archive, member=shown
        )
    return name


def _mode(entry: CentralEntry, name: str, archive: str) -> int:
    """The Unix mode, if it is that of a plain file or directory."""
    mode = entry.attributes >> 16
    kind = mode & 0o170000
    if kind not in (0, 0o040000 if name.endswith("/") else 0o100000):
        raise fault(
            "TB4011",
            f"mode {mode:o} is that of a {_TYPES.get(kind, 'different kind of file')}, expected a regular file",
            archive=archive,
            member=name,
        )
    if mode & 0o7000 and not name.endswith("/"):
        raise fault("TB4011", f"mode {mode:o} sets user, group or sticky bit", archive=archive, member=name)
    return mode


def _check_size(entry: CentralEntry, name: str, archive: str, limits: Limits) -> None:
    size, packed = entry.size, entry.packed_size
    if size > limits.member_size or (size > limits.ratio_from and size > packed * limits.ratio):
        raise fault(
            "TB4013",
            f"{counted(packed, 'byte')} would be {size}, at most {limits.member_size} and {limits.ratio} times",
            archive=archive,
            member=name,
        )
    possible = packed == size if entry.method == STORED else size <= packed * _MOST
    if not possible or (name.endswith("/") and size):
        raise fault("TB4014", f"{packed} packed bytes cannot be {counted(size, 'byte')}", archive=archive, member=name)


def _compare(entry: CentralEntry, fields: tuple[int, ...], rest: bytes, name: str, archive: str) -> None:
    """Raise TB4007 unless the local header says what the directory says; sizes may follow in a descriptor."""
    _, _, flags, method, _, _, crc, packed_size, size, name_length, _ = fields
    local_name = rest[:name_length]
    extra = extra_fields(rest[name_length:], local_name, archive)
    wide = extra.get(ZIP64)
    if wide is None and _MAX32 in (size, packed_size):
        raise fault("TB4012", "zip64 field is missing", archive=archive, member=name)
    if wide is not None:
        # Some builders write it without need; then it must repeat what the header or the directory says.
        wide_size, wide_packed = struct.unpack("<2Q", wide) if len(wide) == 16 else (-1, -1)
        size = wide_size if size == _MAX32 else size
        packed_size = wide_packed if packed_size == _MAX32 else packed_size
        if wide_size not in (size, entry.size) or wide_packed not in (packed_size, entry.packed_size):
            raise fault("TB4012", "zip64 field contradicts the header", archive=archive, member=name)
    blank = bool(flags & _DESCRIPTOR)
    for field, here, there in (
        ("name", local_name, entry.raw_name),
        ("flags", flags, entry.flags),
        ("method", method, entry.method),
        ("CRC", crc, entry.crc),
        ("packed size", packed_size, entry.packed_size),
        ("size", size, entry.size),
    ):
        if here != there and not (blank and here == 0 and field in ("CRC", "packed size", "size")):
            raise fault(
                "TB4007", f"local header has {field} {here!r}, the directory {there!r}", archive=archive, member=name
            )


def _check_tiles(file: BinaryIO, tiles: list[tuple[Member, CentralEntry]], directory: int, archive: str) -> None:
    """Raise unless the members, in order of place, fill the file from byte 0 to the directory."""
    if not tiles:
        if directory:
            raise fault("TB4004", f"{counted(directory, 'byte')} of no member", archive=archive)
        return
    if tiles[0][0].header:
        raise fault("TB4004", f"{counted(tiles[0][0].header, 'byte')} before the first member", archive=archive)
    starts = [member.header for member, _ in tiles[1:]] + [directory]
    names = [member.name for member, _ in tiles[1:]] + ["the directory"]
    for (member, entry), start, after in zip(tiles, starts, names, strict=True):
        gap = start - member.body - member.packed_size
        if gap < 0:
            raise fault(
                "TB4005", f"member overlaps {after!r} by {counted(-gap, 'byte')}", archive=archive, member=member.name
            )
        if entry.flags & _DESCRIPTOR:
            file.seek(start - gap)
            if not _is_descriptor(file.read(min(gap, 25)), entry):
                raise fault(
                    "TB4007",
                    f"{counted(gap, 'byte')} after the member, no descriptor of it",
                    archive=archive,
                    member=member.name,
                )
        elif gap:
            raise fault(
                "TB4004",
                f"{counted(gap, 'byte follows', 'bytes follow')} of no member",
                archive=archive,
                member=member.name,
            )


def _is_descriptor(content: bytes, entry: CentralEntry) -> bool:
    """Whether the bytes are the data descriptor (4.3.9): with or without signature, 32-bit or 64-bit sizes."""
    if len(content) in (16, 24):
        if content[:4] != b"PK\x07\x08":
            return False
        content = content[4:]
    if len(content) == 12:
        return struct.unpack("<3L", content) == (entry.crc, entry.packed_size, entry.size)
    return len(content) == 20 and struct.unpack("<LQQ", content) == (entry.crc, entry.packed_size, entry.size)


def _check_names(members: tuple[Member, ...], archive: str) -> None:
    """Raise TB4006 if two members would lie on one path, on any file system."""
    seen: dict[str, str] = {}
    for member in members:
        folded = unicodedata.normalize("NFC", member.name.removesuffix("/")).casefold()
        if folded in seen:
            raise fault("TB4006", f"same path as member {seen[folded]!r}", archive=archive, member=member.name)
        seen[folded] = member.name
    directories = parents(member.name.removesuffix("/") for member in members)
    for member in members:
        if member.name in directories:
            raise fault("TB4006", "a file, and a directory with members", archive=archive, member=member.name)
