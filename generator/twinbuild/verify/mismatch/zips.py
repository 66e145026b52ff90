"""Zip archives (wheels, model files, documents): order, dates, systems, forms and contents of their members."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from calendar import timegm
from collections.abc import Callable, Iterator
from typing import Final

from twinbuild.verify.mismatch.budget import Budget
from twinbuild.verify.mismatch.catalogue import Cause, cause
from twinbuild.verify.mismatch.compressed import unpack
from twinbuild.verify.mismatch.found import Found, at_bytes, first_unequal, told
from twinbuild.verify.mismatch.members import of_fields
from twinbuild.verify.mismatch.moments import in_zone

__all__ = ["compare_zips", "read_zip"]

Dive = Callable[[tuple[str, ...], tuple[bytes, bytes]], Iterator[Found]]
_MOST: Final = 100_000  # members
_ENTRY: Final = b"PK\x01\x02"  # begins each of the central directory
_TIMES: Final = (0x5455, 0x000A)  # numbers of extra fields: of Unix, of NTFS
_OWNERS: Final = (0x7875, 0x7855)
_FAULTS: Final = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError, struct.error)


def read_zip(content: bytes) -> zipfile.ZipFile | str:
    """The archive, or what is wrong with it."""
    if content.count(_ENTRY) > _MOST:  # zipfile reads every entry at once, whatever the archive says of their number
        return f"more than {_MOST} members"
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except _FAULTS as error:
        return str(error)[:200]
    return archive


def compare_zips(
    place: tuple[str, ...],
    sides: tuple[bytes, bytes],
    archives: tuple[zipfile.ZipFile, zipfile.ZipFile],
    *,
    dive: Dive,
    budget: Budget,
) -> Iterator[Found]:
    """Every difference; ``budget`` bounds the bytes that are unpacked of all members."""
    listed = archives[0].infolist(), archives[1].infolist()
    names = tuple([each.filename for each in side] for side in listed)
    one, other = ({each.filename: each for each in side} for side in listed)
    for name in sorted(one.keys() ^ other.keys()):
        here = ("present", "missing") if name in one else ("missing", "present")
        yield told((*place, name), *here, cause("file-set", f"{name} exists in one archive only"))
    common = [name for name in names[0] if name in other]
    for name in common:
        if _packed(sides[0], one[name]) != _packed(sides[1], other[name]):
            yield from _contents((*place, name), sides, archives, (one[name], other[name]), dive=dive, budget=budget)
    headers = False
    for each in _headers(place, sides, [(name, one[name], other[name]) for name in common]):
        headers = True
        yield each
    orders = tuple([name for name in side if name in one and name in other] for side in names)
    if orders[0] != orders[1]:
        shown = tuple("\n".join(order[:20]) for order in orders)
        why = cause("member-order", "the same members stand in the archive in another order")
        yield told(place, shown[0], shown[1], why)
    if not headers and names[0] == names[1] and all(_same(one[name], other[name]) for name in common):
        yield at_bytes(place, sides, first_unequal(*sides), _of_rest(archives, [(one[n], other[n]) for n in common]))


def _packed(side: bytes, member: zipfile.ZipInfo) -> tuple[int, int, bytes]:
    """What a member is as it stands in the archive: method, sum and compressed bytes."""
    at = member.header_offset
    name, extra = struct.unpack_from("<HH", side, at + 26) if len(side) >= at + 30 else (0, 0)
    start = at + 30 + name + extra
    return member.compress_type, member.CRC, side[start : start + member.compress_size]


def _content(archive: zipfile.ZipFile, side: bytes, member: zipfile.ZipInfo, limit: int) -> bytes:
    """The first bytes of a member. Raises one of ``_FAULTS``."""
    if member.compress_type != zipfile.ZIP_BZIP2:
        with archive.open(member) as stream:
            return stream.read(limit)
    # zipfile unpacks 4 KiB of bzip2 at once, which may become gigabytes.
    found = unpack("bzip2", _packed(side, member)[2], limit=limit)
    if found.fault or (not found.beyond and zlib.crc32(found.content) != member.CRC):
        raise zipfile.BadZipFile(found.fault or f"Bad CRC-32 for file {member.filename!r}")
    return found.content


def _contents(
    place: tuple[str, ...],
    sides: tuple[bytes, bytes],
    archives: tuple[zipfile.ZipFile, zipfile.ZipFile],
    members: tuple[zipfile.ZipInfo, zipfile.ZipInfo],
    *,
    dive: Dive,
    budget: Budget,
) -> Iterator[Found]:
    contents: list[bytes] = []
    limit = budget.left
    for archive, side, member in zip(archives, sides, members, strict=True):
        try:
            contents.append(_content(archive, side, member, limit))
        except _FAULTS as error:
            budget.take(min(limit, max(member.file_size for member in members)))
            yield told(place, "", str(error)[:200], cause("corrupt", "a member does not unpack to what its sum says"))
            return
    budget.take(max(map(len, contents)))
    if contents[0] != contents[1]:
        yield from dive(place, (contents[0], contents[1]))
    elif members[0].CRC != members[1].CRC:
        yield told(
            place,
            f"CRC {members[0].CRC:08x}",
            f"CRC {members[1].CRC:08x}",
            cause("content", f"the member differs after its first {limit} bytes"),
        )


def _headers(
    place: tuple[str, ...], sides: tuple[bytes, bytes], members: list[tuple[str, zipfile.ZipInfo, zipfile.ZipInfo]]
) -> Iterator[Found]:
    dated = [(one, other) for _, one, other in members if one.date_time != other.date_time]
    apart = {timegm((*other.date_time, 0, 0, 0)) - timegm((*one.date_time, 0, 0, 0)) for one, other in dated}
    zone = bool(dated) and all(in_zone(seconds) for seconds in apart) and len(apart) == 1
    for name, one, other in members:
        where = (*place, name)
        if one.date_time != other.date_time:
            why = (
                cause("time-zone", "members are dated in local time: the same moment in another time zone")
                if zone
                else cause("modification-time", "the member is dated by the build")
            )
            yield told(where, _date(one), _date(other), why)
        yield from _modes(where, one, other)
        if one.create_system != other.create_system:
            why = cause("zip-format", "the archive was made on another operating system, as its header says")
            yield told(where, f"system={one.create_system}", f"system={other.create_system}", why)
        elif one.compress_type != other.compress_type:
            why = cause("compressor", "the member is compressed by another method")
            yield told(where, f"method={one.compress_type}", f"method={other.compress_type}", why)
        yield from _extra_fields(where, _extras(sides[0], one), _extras(sides[1], other), dated=bool(dated))


_Extras = dict[tuple[str, int], bytes]


def _extra_fields(where: tuple[str, ...], one: _Extras, other: _Extras, *, dated: bool) -> Iterator[Found]:
    """Extra fields that differ; those of times say nothing more where the members' dates do."""
    unlike = sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))
    for numbers, why in (
        (_TIMES, cause("modification-time", "the extra field has the file's times")),
        (_OWNERS, of_fields(("uid",))),
        ((), cause("zip-format", "extra fields differ")),
    ):
        fields = [key for key in unlike if key[1] in numbers] if numbers else unlike
        unlike = [key for key in unlike if key not in fields]
        if fields and not (dated and numbers == _TIMES):
            shown = [
                " ".join(f"{key[0]} {key[1]:04x}={side.get(key, b'').hex()}" for key in fields) for side in (one, other)
            ]
            yield told(where, shown[0], shown[1], why)


def _modes(where: tuple[str, ...], one: zipfile.ZipInfo, other: zipfile.ZipInfo) -> Iterator[Found]:
    modes = one.external_attr >> 16, other.external_attr >> 16
    if modes[0] != modes[1] and one.create_system == other.create_system:
        kinds = modes[0] & 0o170000, modes[1] & 0o170000
        fields = ("mode",) if kinds[0] == kinds[1] or 0 in kinds else ("kind",)
        yield told(
            where,
            f"mode={modes[0]:06o}",
            f"mode={modes[1]:06o}",
            of_fields(fields, modes=(modes[0] & 0o7777, modes[1] & 0o7777)),
        )


def _date(member: zipfile.ZipInfo) -> str:
    return "date={:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*member.date_time)


def _extras(side: bytes, member: zipfile.ZipInfo) -> _Extras:
    """The extra fields (APPNOTE 4.5) of the central directory and of the member's own header, by their numbers."""
    at = member.header_offset
    head = side[at : at + 30]
    name, extra = struct.unpack_from("<HH", head, 26) if len(head) == 30 else (0, 0)
    found: _Extras = {}
    for where, fields in (("central", member.extra), ("local", side[at + 30 + name : at + 30 + name + extra])):
        rest = fields
        while len(rest) >= 4:
            number, size = struct.unpack_from("<HH", rest)
            found[where, number] = rest[4 : 4 + size]
            rest = rest[4 + size :]
    return found


def _same(one: zipfile.ZipInfo, other: zipfile.ZipInfo) -> bool:
    return (one.CRC, one.file_size) == (other.CRC, other.file_size)


def _of_rest(
    archives: tuple[zipfile.ZipFile, zipfile.ZipFile], members: list[tuple[zipfile.ZipInfo, zipfile.ZipInfo]]
) -> Cause:
    """The members are the same, and so are their headers as far as they are read."""
    if any(one.compress_size != other.compress_size for one, other in members):
        return cause("compressor", "the members hold the same bytes, but were compressed to others")
    if archives[0].comment != archives[1].comment:
        return cause("zip-format", "the comment of the archive differs")
    if any(
        getattr(one, field) != getattr(other, field)
        for one, other in members
        for field in ("create_version", "extract_version", "flag_bits", "internal_attr", "external_attr")
    ):
        return cause("zip-format", "versions or flags in the members' headers differ")
    return cause("compressor", "the members hold the same bytes, but the archive stores them otherwise")
