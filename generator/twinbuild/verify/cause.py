"""Why two builds differ: from the bytes around the first difference and from what each build could observe.

A cause is a guess with a reason, told as such. The order matters: what is certain (a value that one build observed
stands in its bytes) comes before what is only likely.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Final

__all__ = ["Cause", "Clue", "Observed", "explain"]

_YEAR: Final = 366 * 86_400
_UUID: Final = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_TEMPORARY: Final = re.compile(rb"/(?:var/)?tmp/[\w./-]+")
_ADDRESS: Final = re.compile(rb"0x[0-9a-f]{8,16}")
_DATE: Final = re.compile(
    rb"(?:19|20)\d\d-[01]\d-[0-3]\d|[0-2]\d:[0-5]\d:[0-5]\d|"
    rb"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* +[0-3]?\d\b"
)
_DIGITS: Final = re.compile(rb"\d{9,19}(?:\.\d+)?")
_MACHINE_ID: Final = re.compile(rb"\A[0-9a-f]{32}\n?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A cause by a stable name, in words, and what to do."""

    name: str
    explanation: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What one build could see of its surroundings."""

    time: float  # seconds since 1970, at its start
    host_name: str
    user: str
    directories: tuple[str, ...]  # working, temporary and scratch
    time_zones: tuple[str, ...]  # as TZ names it, and as an offset from UTC such as +0530
    locale: str
    environment: tuple[str, ...]  # values of its variables that are worth recognising
    processors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """What the two builds could see."""

    first: Observed
    second: Observed


_REMEDIES: Final = {
    "timestamp": "take the time from SOURCE_DATE_EPOCH, or leave it out",
    "bytecode-timestamp": "leave byte code out of the package: twinbuild compiles it itself, without times",
    "gzip-timestamp": "compress with a fixed time: `gzip -n`, or mtime=0 in Python",
    "absolute-path": "write paths relative to the installed file, or map them with -ffile-prefix-map",
    "host-name": "leave the host's name out",
    "user": "leave the user's name and number out",
    "environment": "do not write values of environment variables; pass what is needed as an argument",
    "time-zone": "format times in UTC",
    "processor-count": "leave the number of processors out, and let it change speed only",
    "uuid": "derive the identifier from the content (a name-based UUID), or leave it out",
    "machine-id": "leave /etc/machine-id empty: each machine makes its own when it starts",
    "apt-log": "remove the log in the same step; logs are no part of an image",
    "file-mode": "set modes explicitly instead of leaving them to the umask",
    "ownership": "set owner and group explicitly",
    "modification-time": "set the time to SOURCE_DATE_EPOCH",
    "record-order": "sort the rows of RECORD",
    "line-order": "sort with LC_ALL=C before writing; do not rely on the order of directories, sets or a locale",
    "item-order": "sort the items before writing; sets and directories have no order",
    "member-order": "sort the entries of the tree before writing the archive",
    "memory-address": "do not write the default representation of objects",
    "locale": "set LC_ALL=C for the step",
    "random": "seed the generator with a constant, or leave the random bytes out",
    "compressor": "pin the compressor: its version, level and mode decide the bytes",
    "file-set": "write every file under a name that does not depend on the surroundings, and always the same files",
    "content": "build the file twice by hand and compare: twinbuild found no known pattern",
}


def _cause(name: str, explanation: str) -> Cause:
    return Cause(name=name, explanation=explanation, remedy=_REMEDIES[name])


def explain(
    path: str,
    sides: tuple[bytes, bytes],
    at: int,
    *,
    base: int,
    clue: Clue,
    compressed: bool = False,
    missing: bool = False,
    reordered: bool = False,
    fields: tuple[str, ...] = (),
) -> Cause:
    """The likely cause of a difference at byte ``at`` of two pieces of a file, which begin at ``base`` in it.

    ``fields`` names differing fields of the member's header instead; ``missing``: the path exists on one side only;
    ``reordered``: the entries are equal, and stand in another order; ``compressed``: the tars are equal and only their
    compressed forms differ.
    """
    if compressed:
        if _gzip_header(sides, at, base):
            return _cause("gzip-timestamp", "the header of the layer's gzip form has the time of compression")
        return _cause("compressor", "the layers hold the same files, but were compressed to other bytes")
    if missing:
        return _missing(path)
    if fields:
        return _of_fields(fields)
    if reordered:
        return _cause("member-order", "the same entries stand in the archive in another order")
    return _of_name(path, sides, at, base) or _of_observation(sides, at, clue) or _of_pattern(sides, at)


def _missing(path: str) -> Cause:
    return _cause("file-set", f"/{path} exists in one build only")


def _of_fields(fields: tuple[str, ...]) -> Cause:
    if "mode" in fields:
        return _cause("file-mode", "the file's mode differs: it follows the umask of the process that made it")
    if {"uid", "gid", "user", "group"} & set(fields):
        return _cause("ownership", "owner or group differ: they are those of the user who built")
    if "mtime" in fields:
        return _cause("modification-time", "the time of modification is that of the build")
    return _cause("content", f"the entry differs in {', '.join(fields)}")


def _of_name(path: str, sides: tuple[bytes, bytes], at: int, base: int) -> Cause | None:
    """What the file's name already says."""
    name = path.rpartition("/")[2]
    offset = base + at
    if name == "machine-id" or (name.endswith("-id") and all(_MACHINE_ID.match(side) for side in sides)):
        return _cause("machine-id", "a machine's identity was drawn while the image was built")
    if name == "RECORD" and ".dist-info/" in path and _reordered(sides):
        return _cause("record-order", "the rows of RECORD are the same, in another order")
    if name.endswith(".pyc") and offset < 16 and sides[0][4:8] == sides[1][4:8] == bytes(4):
        return _cause("bytecode-timestamp", "the byte code's header has its source's time of modification")
    if _gzip_header(sides, at, base):
        return _cause("gzip-timestamp", "the header of the gzip file has the time of compression")
    if path.startswith(("var/log/apt/", "var/log/dpkg", "var/log/alternatives")):
        return _cause("apt-log", "a package tool's log, with times, was left behind")
    return None


def _gzip_header(sides: tuple[bytes, bytes], at: int, base: int) -> bool:
    """Whether the first difference lies in the time of a gzip header (RFC 1952, section 2.3.1, MTIME)."""
    return base == 0 and all(side[:2] == b"\x1f\x8b" for side in sides) and 4 <= at < 8


def _of_observation(sides: tuple[bytes, bytes], at: int, clue: Clue) -> Cause | None:
    """A value that a build could see stands in its bytes near the difference; the certain ones first."""
    near = sides[0][max(0, at - 300) : at + 300], sides[1][max(0, at - 300) : at + 300]
    return _place(near, clue) or _moment(near, clue) or _setting(near, clue) or _processors(sides, at, clue)


def _seen(near: tuple[bytes, bytes], values: tuple[str, str]) -> bool:
    """Whether two unlike values stand, as words of their own, each in the piece of the build that could see it."""
    return values[0] != values[1] and all(
        value and re.search(rb"(?<!\w)" + re.escape(value.encode()) + rb"(?!\w)", piece)
        for value, piece in zip(values, near, strict=True)
    )


def _place(near: tuple[bytes, bytes], clue: Clue) -> Cause | None:
    if _seen(near, (clue.first.host_name, clue.second.host_name)):
        return _cause("host-name", f"the host's name ({clue.second.host_name!r} in the second build) was written")
    for pair in zip(clue.first.directories, clue.second.directories, strict=False):
        if _seen(near, pair):
            return _cause("absolute-path", f"a path of the build ({pair[1]!r} in the second) was written")
    if _TEMPORARY.findall(near[0]) != _TEMPORARY.findall(near[1]):
        return _cause("absolute-path", "a path of a temporary directory was written")
    return None


def _moment(near: tuple[bytes, bytes], clue: Clue) -> Cause | None:
    if _times(near, (clue.first, clue.second)):
        return _cause("timestamp", "the time of the build was written")
    return None


def _setting(near: tuple[bytes, bytes], clue: Clue) -> Cause | None:
    first, second = clue.first, clue.second
    if _seen(near, (first.user, second.user)):
        return _cause("user", f"the user's name ({second.user!r} in the second build) was written")
    if any(value.encode() in near[1] and value.encode() not in near[0] for value in second.environment):
        return _cause("environment", "the value of an environment variable was written")
    if any(_seen(near, pair) for pair in zip(first.time_zones, second.time_zones, strict=False)):
        return _cause("time-zone", f"the time zone ({second.time_zones[0]} in the second build) was written")
    if _seen(near, (first.locale, second.locale)):
        return _cause("locale", f"the locale ({second.locale} in the second build) was written")
    return None


def _processors(sides: tuple[bytes, bytes], at: int, clue: Clue) -> Cause | None:
    counts = str(clue.first.processors).encode(), str(clue.second.processors).encode()
    if (_number_at(sides[0], at), _number_at(sides[1], at)) == counts:
        return _cause("processor-count", f"the number of processors (second: {clue.second.processors}) was written")
    return None


def _number_at(side: bytes, at: int) -> bytes:
    """The decimal number of which byte ``at`` is a digit, or nothing."""
    start = end = at
    while start > 0 and side[start - 1 : start].isdigit():
        start -= 1
    while side[end : end + 1].isdigit():
        end += 1
    return side[start:end]


def _times(near: tuple[bytes, ...], observed: tuple[Observed, Observed]) -> bool:
    """Whether numbers or dates near the difference are each build's own time."""
    if all(
        any(abs(float(digits[:10]) - side.time) < _YEAR for digits in _DIGITS.findall(piece))
        for piece, side in zip(near, observed, strict=True)
    ) and _DIGITS.findall(near[0]) != _DIGITS.findall(near[1]):
        return True
    dates = [_DATE.findall(piece) for piece in near]
    if dates[0] and dates[1] and dates[0] != dates[1]:
        return True
    return any(
        all(
            abs(struct.unpack_from(form, piece, place)[0] - side.time) < 3 * 86_400
            for piece, side in zip(near, observed, strict=True)
        )
        for form in ("<I", ">I")
        for place in range(max(0, min(len(near[0]), len(near[1])) - 3))
        if near[0][place : place + 4] != near[1][place : place + 4]
    )


def _of_pattern(sides: tuple[bytes, bytes], at: int) -> Cause:
    near = tuple(side[max(0, at - 40) : at + 60] for side in sides)
    ids = [_UUID.findall(piece) for piece in near]
    if ids[0] and ids[1] and ids[0] != ids[1]:
        return _cause("uuid", "a random identifier (UUID) was written")
    addresses = [_ADDRESS.findall(piece) for piece in near]
    if addresses[0] and addresses[1] and addresses[0] != addresses[1]:
        return _cause("memory-address", "an object's address in memory was written")
    if _reordered(sides):
        return _cause("line-order", "the same lines stand in another order")
    if sorted(re.split(rb"[\s,;\[\]{}()]+", sides[0])) == sorted(re.split(rb"[\s,;\[\]{}()]+", sides[1])):
        return _cause("item-order", "the same items stand in another order: that of a set, a directory or a hash")
    if len(sides[0]) == len(sides[1]) and not _textual(near[0] + near[1]):
        return _cause("random", "bytes of equal length differ without a pattern: they look random")
    if all(re.search(rb"[0-9a-f]{16,}", piece) for piece in near):
        return _cause("random", "a long hexadecimal number differs: it looks random")
    return _cause("content", "the content differs")


def _reordered(sides: tuple[bytes, bytes]) -> bool:
    return sides[0] != sides[1] and sorted(sides[0].splitlines()) == sorted(sides[1].splitlines())


def _textual(piece: bytes) -> bool:
    return all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in piece)
