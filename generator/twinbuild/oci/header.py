"""Tar headers, written: ustar blocks, with a PAX header only where a field demands it (POSIX.1-2017, pax, "ustar").

Everything that an entry does not state is fixed: no owner names, no devices, one time for all, zero padding. So a
header is a function of the entry and the time alone.
"""

from __future__ import annotations

from typing import Final

from twinbuild.model.tree import Directory, Entry, File, Hardlink, Symlink

__all__ = ["BLOCK", "LATEST", "encode", "header_size", "padding"]

BLOCK: Final = 512
LATEST: Final = 8**11 - 1  # seconds since 1970 that eleven octal digits hold: the year 2242
_NAME: Final = 100
_PREFIX: Final = 155
_LARGEST_FILE: Final = 8**11 - 1
_LARGEST_OWNER: Final = 8**7 - 1
_EXTENSION_NAME: Final = b"././@PaxHeader"


def encode(entry: Entry, mtime: int, linked: File | None = None) -> bytes:
    """The header blocks of an entry: 512 bytes, or at least 1536 where a PAX header goes before.

    ``linked`` is the file that a hard link names: its owner and mode stand in the link's header too, for engines give
    them to the file once more when they unpack the link.
    """
    records = _records(entry, linked)
    header = _header(entry, mtime, linked)
    if not records:
        return header
    extension = _block(
        name=_EXTENSION_NAME, prefix=b"", link=b"", kind=b"x", mode=0o644, uid=0, gid=0, size=len(records), mtime=mtime
    )
    return extension + records + bytes(padding(len(records))) + header


def header_size(entry: Entry, linked: File | None = None) -> int:
    """The length of ``encode(entry, …, linked)``, without making it."""
    length = len(_records(entry, linked))
    return BLOCK if not length else 2 * BLOCK + length + padding(length)


def padding(size: int) -> int:
    """How many zero bytes fill ``size`` bytes up to whole blocks."""
    return -size % BLOCK


def _stored_path(entry: Entry) -> str:
    return entry.path + "/" if isinstance(entry, Directory) else entry.path


def _owner(entry: Entry, linked: File | None) -> tuple[int, int]:
    if not isinstance(entry, Hardlink):
        return entry.uid, entry.gid
    return (linked.uid, linked.gid) if linked is not None else (0, 0)


def _header(entry: Entry, mtime: int, linked: File | None) -> bytes:
    """The entry's own header; a field that has a PAX record instead is cut or zero."""
    split = _split(_stored_path(entry))
    name, prefix = split if split is not None else (_cut(_stored_path(entry)), b"")
    uid, gid = (number if number <= _LARGEST_OWNER else 0 for number in _owner(entry, linked))
    link, size = b"", 0
    match entry:
        case File():
            kind, mode = b"0", entry.mode
            size = entry.content.size if entry.content.size <= _LARGEST_FILE else 0
        case Directory():
            kind, mode = b"5", entry.mode
        case Symlink():
            kind, mode, link = b"2", 0o777, _cut(entry.target)
        case Hardlink():
            kind, mode, link = b"1", linked.mode if linked is not None else 0o644, _cut(entry.target)
    return _block(name=name, prefix=prefix, link=link, kind=kind, mode=mode, uid=uid, gid=gid, size=size, mtime=mtime)


def _records(entry: Entry, linked: File | None) -> bytes:
    """The PAX records that this entry needs, in the order of their keys; usually none."""
    found: list[tuple[str, str]] = []
    uid, gid = _owner(entry, linked)
    if gid > _LARGEST_OWNER:
        found.append(("gid", str(gid)))
    if isinstance(entry, (Symlink, Hardlink)) and (len(entry.target) > _NAME or not entry.target.isascii()):
        found.append(("linkpath", entry.target))
    if (len(entry.path) >= _NAME or not entry.path.isascii()) and _split(_stored_path(entry)) is None:
        found.append(("path", _stored_path(entry)))
    if isinstance(entry, File) and entry.content.size > _LARGEST_FILE:
        found.append(("size", str(entry.content.size)))
    if uid > _LARGEST_OWNER:
        found.append(("uid", str(uid)))
    return b"".join(_record(key, value) for key, value in found)


def _record(key: str, value: str) -> bytes:
    """``LENGTH KEY=VALUE`` and a line end; the length counts itself."""
    rest = b" " + key.encode() + b"=" + value.encode() + b"\n"
    length = len(rest) + 1
    while length != len(rest) + len(str(length)):
        length = len(rest) + len(str(length))
    return str(length).encode() + rest


def _split(path: str) -> tuple[bytes, bytes] | None:
    """Name and prefix for a ustar header: the shortest prefix that will do, or None if none does."""
    if not path.isascii():
        return None
    if len(path) <= _NAME:
        return path.encode(), b""
    slash = path.find("/", len(path) - _NAME - 1)
    if slash < 0 or slash > _PREFIX or slash == len(path) - 1:
        return None
    return path[slash + 1 :].encode(), path[:slash].encode()


def _cut(text: str) -> bytes:
    return text.encode("ascii", "replace")[:_NAME]


def _block(
    *, name: bytes, prefix: bytes, link: bytes, kind: bytes, mode: int, uid: int, gid: int, size: int, mtime: int
) -> bytes:
    block = bytearray(BLOCK)
    block[0 : len(name)] = name
    block[100:148] = b"%07o\0%07o\0%07o\0%011o\0%011o\0" % (mode, uid, gid, size, mtime)
    block[148:157] = b"        " + kind  # eight spaces while the sum is taken
    block[157 : 157 + len(link)] = link
    block[257:265] = b"ustar\x0000"
    block[329:345] = b"0000000\x000000000\0"
    block[345 : 345 + len(prefix)] = prefix
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)
