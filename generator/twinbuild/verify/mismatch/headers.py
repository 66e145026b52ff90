"""Tar archives whose members are the same: where their headers, as they stand, differ."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from twinbuild.codec.untar import Readable
from twinbuild.verify.mismatch.catalogue import Cause, cause
from twinbuild.verify.mismatch.found import Found, at_bytes, first_unequal
from twinbuild.verify.mismatch.members import of_fields

__all__ = ["of_headers"]

_BLOCK: Final = 512
_ZERO: Final = bytes(_BLOCK)
_LONGEST: Final = 1 << 20  # bytes of an extension that are read
# POSIX ustar interchange format: where each field ends.
_FIELDS: Final = (
    (100, "name"), (108, "mode"), (116, "uid"), (124, "gid"), (136, "size"), (148, "mtime"), (156, "sum"),
    (157, "type"), (257, "target"), (265, "format"), (297, "user"), (329, "group"), (345, "device"), (500, "prefix"),
    (512, "padding"),
)  # fmt: skip
_EXTENSIONS: Final = b"xgLK"


def of_headers(place: tuple[str, ...], streams: tuple[Readable, Readable]) -> Iterator[Found]:
    """The first unlike header of two archives, or their ends; nothing where all headers are the same."""
    end = 0
    for one, other in zip_longest(_headers(streams[0]), _headers(streams[1])):
        if one == other:
            end = one[0] if one else end
            continue
        offset = min(each[0] for each in (one, other) if each is not None)
        sides = one[1] if one else b"", other[1] if other else b""
        at = first_unequal(*sides)
        yield at_bytes(place, sides, at, _cause(sides, at), base=offset)
        return


def _headers(stream: Readable) -> Iterator[tuple[int, bytes]]:
    """Each header block with its offset, an extension with its records; last the zeros at the end, by their number."""
    offset = 0
    while header := _read(stream, _BLOCK):
        if header == _ZERO:
            rest = _BLOCK
            while chunk := stream.read(1 << 16):
                rest += len(chunk)
            yield offset, b"%d zero bytes at the end" % rest
            return
        size = _number(header[124:136])
        extension = header[156:157] in [bytes([each]) for each in _EXTENSIONS]
        kept = _read(stream, min(size, _LONGEST)) if extension else b""
        yield offset, header + kept
        skipped = size - len(kept) + -size % _BLOCK
        padding = _skip(stream, skipped, -size % _BLOCK)
        if padding.strip(b"\0"):
            yield offset + _BLOCK + size, padding
        offset += _BLOCK + size + -size % _BLOCK


def _number(field: bytes) -> int:
    if field[:1] in (b"\x80", b"\xff"):
        return min(int.from_bytes(field[1:], "big"), 1 << 50)
    try:
        return int(field.strip(b" \0") or b"0", 8)
    except ValueError:
        return 0


def _read(stream: Readable, size: int) -> bytes:
    parts, left = [], size
    while left and (chunk := stream.read(min(left, 1 << 20))):
        parts.append(chunk)
        left -= len(chunk)
    return b"".join(parts)


def _skip(stream: Readable, size: int, kept: int) -> bytes:
    """Read ``size`` bytes and return the last ``kept`` of them."""
    left = size - kept
    while left > 0 and (chunk := stream.read(min(left, 1 << 20))):
        left -= len(chunk)
    return _read(stream, kept)


def _cause(sides: tuple[bytes, bytes], at: int) -> Cause:
    if any(side.endswith(b"zero bytes at the end") for side in sides):
        if all(side.endswith(b"zero bytes at the end") for side in sides):
            if any(int(side.partition(b" ")[0]) % _BLOCK for side in sides):
                return cause("truncated", "one archive ends in the middle of a block: it is cut off")
            return cause("tar-padding", "the archives end in unlike numbers of zero bytes (their blocking factor)")
        return cause("tar-format", "one archive has a header that the other has not")
    if any(len(side) < _BLOCK for side in sides):
        return cause("tar-padding", "the padding behind a file is not zero")
    kinds = sides[0][156:157], sides[1][156:157]
    if kinds[0] == kinds[1] == b"x" or kinds[0] == kinds[1] == b"g":
        return _of_records(sides)
    if kinds[0] != kinds[1] and any(each in _EXTENSIONS for each in kinds):
        return cause("tar-format", "the archives are in unlike formats: one has extension headers (pax or GNU)")
    field = next(name for end, name in _FIELDS if at < end)
    if sides[0][257:265] != sides[1][257:265] or field in ("format", "device", "type", "sum", "padding"):
        return cause("tar-format", "the archives are in unlike formats (ustar, pax, GNU)")
    if field in ("mode", "uid", "gid", "mtime", "user", "group", "target"):
        same = _number(sides[0][100:108]) == _number(sides[1][100:108])
        return cause("tar-format", f"the field {field} is written in another form") if same else of_fields((field,))
    return cause("tar-format", f"the field {field} of a header is written otherwise")


def _of_records(sides: tuple[bytes, bytes]) -> Cause:
    records = [set(side[_BLOCK:].split(b"\n")) for side in sides]
    unlike = {record.partition(b" ")[2].partition(b"=")[0] for record in records[0] ^ records[1]} - {b""}
    if unlike and unlike <= {b"mtime", b"atime", b"ctime", b"LIBARCHIVE.creationtime"}:
        return of_fields(("mtime",))
    if unlike and all(b"xattr" in key or b"acl" in key or b"selinux" in key for key in unlike):
        return of_fields(("attributes",))
    if not unlike:
        return cause("process-id", "the name of an extension header has the number of the process that wrote it")
    return cause("tar-format", "the extension headers (pax) hold other records")
