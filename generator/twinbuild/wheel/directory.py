"""The end record and the central directory of a zip archive (APPNOTE.TXT 4.3.12 to 4.3.16), read one way only.

Lenient readers search for an end record and then disagree about which archive it is they found. Here the end record
is the last 22 bytes, the central directory lies directly before it, and every count and offset is exact.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

from twinbuild.codec.amounts import counted
from twinbuild.wheel.faults import fault
from twinbuild.wheel.member import Limits

__all__ = ["ZIP64", "CentralEntry", "extra_fields", "read_directory"]

_END: Final = struct.Struct("<4s4H2LH")
_END64_LOCATOR: Final = struct.Struct("<4sLQL")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_MAX16: Final = 0xFFFF
_MAX32: Final = 0xFFFFFFFF
ZIP64: Final = 0x0001  # extra field of sizes beyond 32 bits
_UNICODE_PATH: Final = 0x7075  # extra field with a second name


@dataclass(frozen=True, slots=True, kw_only=True)
class CentralEntry:
    """One entry of the central directory, with 64-bit values in place."""

    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed_size: int
    size: int
    attributes: int  # external; the Unix mode in the upper half
    header: int  # offset of the local header


@dataclass(frozen=True, slots=True)
class _End:
    """Where the central directory lies and how much is in it."""

    start: int
    size: int
    count: int


def read_directory(file: BinaryIO, *, archive: str, limits: Limits) -> tuple[tuple[CentralEntry, ...], int]:
    """All entries in the directory's order, and the offset at which the directory starts.

    Raises IntegrityError TB4001 (no zip), TB4002 (bytes after the end record), TB4003 (counts or offsets that do not
    fit), TB4004 (bytes between directory and end record, or before the archive), TB4012 (extra fields), TB4013.
    """
    end = _read_end(file, archive)
    if end.count > limits.members or end.size > limits.directory:
        raise fault(
            "TB4013",
            f"{end.count} members in a directory of {end.size} bytes, at most {limits.members} in {limits.directory}",
            archive=archive,
        )
    file.seek(end.start)
    content = file.read(end.size)
    entries: list[CentralEntry] = []
    offset = 0
    for _ in range(end.count):
        entry, offset = _read_entry(content, offset, archive)
        entries.append(entry)
    if offset != len(content):
        raise fault(
            "TB4003",
            f"central directory of {end.size} bytes has {counted(len(content) - offset, 'byte')} beyond its entries",
            archive=archive,
        )
    return tuple(entries), end.start


def _read_end(file: BinaryIO, archive: str) -> _End:
    length = file.seek(0, 2)
    if length < _END.size:
        raise fault("TB4001", f"not a zip archive: {counted(length, 'byte')}", archive=archive)
    position = length - _END.size
    file.seek(position)
    fields = _END.unpack(file.read(_END.size))
    if fields[0] != b"PK\x05\x06" or fields[7] != 0:
        raise _not_at_end(file, length, archive)
    disk, first_disk, count_here, count, size, start = fields[1:7]
    end = _End(start, size, count)
    edge = position
    end64 = _read_end64(file, position, archive)
    if end64 is not None:
        wide, edge = end64
        for narrow, value, limit in (
            (count, wide.count, _MAX16),
            (size, wide.size, _MAX32),
            (start, wide.start, _MAX32),
        ):
            if narrow not in (value, limit):
                raise fault("TB4003", f"end record states {narrow}, the zip64 end record {value}", archive=archive)
        end = wide
    elif _MAX16 in (count, count_here) or _MAX32 in (size, start):
        raise fault("TB4003", "end record refers to a zip64 end record that is not there", archive=archive)
    if disk or first_disk or count_here != count:
        raise fault("TB4003", "archive is spread over several disks, or its counts differ", archive=archive)
    if end.start + end.size != edge:
        raise fault(
            "TB4004" if end.start + end.size < edge else "TB4003",
            f"central directory should end at byte {edge}, it ends at {end.start + end.size}: "
            "bytes before the archive or inside it belong to no member",
            archive=archive,
        )
    return end


def _not_at_end(file: BinaryIO, length: int, archive: str) -> Exception:
    window = min(length, _END.size + _MAX16)
    file.seek(length - window)
    found = file.read(window).rfind(b"PK\x05\x06")
    if found < 0:
        return fault("TB4001", "not a zip archive, or cut off: it has no end record", archive=archive)
    return fault(
        "TB4002",
        f"end record at byte {length - window + found} is not the last 22 bytes: a comment or other bytes follow",
        archive=archive,
    )


def _read_end64(file: BinaryIO, position: int, archive: str) -> tuple[_End, int] | None:
    """The zip64 end record (4.3.14) and its offset, where its locator stands before the end record."""
    if position < _END64_LOCATOR.size:
        return None
    file.seek(position - _END64_LOCATOR.size)
    signature, disk, offset, disks = _END64_LOCATOR.unpack(file.read(_END64_LOCATOR.size))
    if signature != b"PK\x06\x07":
        return None
    expected = position - _END64_LOCATOR.size - _END64.size
    if disk or disks != 1 or offset != expected:
        raise fault(
            "TB4003", f"zip64 end record should be at byte {expected}, its locator says {offset}", archive=archive
        )
    file.seek(offset)
    fields = _END64.unpack(file.read(_END64.size))
    signature, size, _, _, disk, first_disk, count_here, count, directory_size, start = fields
    if signature != b"PK\x06\x06" or size != _END64.size - 12 or disk or first_disk or count_here != count:
        raise fault("TB4003", "zip64 end record is malformed", archive=archive)
    return _End(start, directory_size, count), offset


def _read_entry(content: bytes, offset: int, archive: str) -> tuple[CentralEntry, int]:
    if len(content) - offset < _CENTRAL.size:
        raise fault("TB4003", "central directory is shorter than its count of entries", archive=archive)
    fields = _CENTRAL.unpack_from(content, offset)
    signature, _, _, flags, method, _, _, crc, packed_size, size = fields[:10]
    name_length, extra_length, comment_length, disk, _, attributes, header = fields[10:]
    start = offset + _CENTRAL.size
    end = start + name_length + extra_length + comment_length
    if signature != b"PK\x01\x02" or end > len(content) or disk:
        raise fault("TB4003", f"entry at byte {offset} of the central directory is malformed", archive=archive)
    name = content[start : start + name_length]
    extra = extra_fields(content[start + name_length : end - comment_length], name, archive)
    wide = extra.get(ZIP64)
    values = [size, packed_size, header]
    saturated = [index for index, value in enumerate(values) if value == _MAX32]
    if (wide is not None or saturated) and len(wide or b"") != 8 * len(saturated):
        raise fault(
            "TB4012",
            f"zip64 field has {counted(len(wide or b''), 'byte')}, and its values need {8 * len(saturated)}",
            archive=archive,
            member=name.decode("utf-8", "backslashreplace"),
        )
    for place, (value,) in zip(saturated, struct.iter_unpack("<Q", wide or b""), strict=True):
        values[place] = value
    entry = CentralEntry(
        raw_name=name,
        flags=flags,
        method=method,
        crc=crc,
        size=values[0],
        packed_size=values[1],
        header=values[2],
        attributes=attributes,
    )
    return entry, end


def extra_fields(content: bytes, name: bytes, archive: str) -> dict[int, bytes]:
    """The extra fields (4.5) by identifier. Raises IntegrityError TB4012 if malformed or if they rename the member."""
    fields: dict[int, bytes] = {}
    offset = 0
    while offset < len(content):
        identifier, length = struct.unpack_from("<2H", content, offset) if len(content) - offset >= 4 else (0, _MAX16)
        end = offset + 4 + length
        if end > len(content) or (identifier == ZIP64 and identifier in fields):
            raise fault(
                "TB4012",
                "extra fields are malformed",
                archive=archive,
                member=name.decode("utf-8", "backslashreplace"),
            )
        fields[identifier] = content[offset + 4 : end]
        offset = end
    if _UNICODE_PATH in fields and fields[_UNICODE_PATH][5:] != name:
        raise fault(
            "TB4012",
            "an extra field gives the member a second name",
            archive=archive,
            member=name.decode("utf-8", "backslashreplace"),
        )
    return fields
