"""Tar archives as streams: which members differ, where, and why; and where only the archive's own form differs.

They are read up to three times: once for the members and the digests of their chunks, once for the bytes of those that
differ, and, where every member is the same, once for their headers as they stand. Memory grows with the number of
files and of 64 KiB chunks, never with their bytes, but for files that are small enough to be looked into.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.untar import Body, Member, Readable, untar
from twinbuild.errors import IntegrityError
from twinbuild.verify.mismatch.catalogue import Cause, cause
from twinbuild.verify.mismatch.found import Found, first_unequal, told
from twinbuild.verify.mismatch.headers import of_headers
from twinbuild.verify.mismatch.members import of_members

__all__ = ["CHUNK", "Dive", "Explain", "Open", "Seen", "compare_tars", "scan_tar"]

CHUNK: Final = 64 << 10
_WHOLE: Final = 32 << 20  # bytes of all files of a side that are looked into
_SHOWN: Final = 20  # names of an order
Open = Callable[[], Readable]
"""Opens the plain tar stream from its beginning."""
Dive = Callable[[tuple[str, ...], tuple[bytes, bytes]], Iterator[Found]]
"""Compares two whole contents."""
Explain = Callable[[tuple[str, ...], tuple[bytes, bytes], int], Found]
"""Explains two pieces of a content that is too long, which begin at an offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A member, the digests of its chunks, and its place in the archive."""

    member: Member
    chunks: tuple[bytes, ...]
    position: int


def compare_tars(
    place: tuple[str, ...], opens: tuple[Open, Open], *, dive: Dive, explain: Explain, strict: bool = True
) -> Iterator[Found]:
    """Every difference of two archives, by path; last that of their order, or of their form.

    ``strict``: raise IntegrityError TB44xx for an archive that cannot be read; else it is a difference like others.
    """
    seen: list[dict[str, Seen]] = []
    faults = ["", ""]
    for number, opened in enumerate(opens):
        try:
            seen.append(scan_tar(opened(), "/".join(place), anything=not strict))
        except IntegrityError as error:
            if strict:
                raise
            seen.append({})
            faults[number] = error.findings[0].message
    if any(faults):
        yield from _unreadable(place, opens, faults)
        return
    found = False
    for each in _compare(place, (seen[0], seen[1]), opens, dive=dive, explain=explain, anything=not strict):
        found = True
        yield each
    if not found:
        yield from of_headers(place, (opens[0](), opens[1]()))


def _compare(
    place: tuple[str, ...],
    seen: tuple[dict[str, Seen], dict[str, Seen]],
    opens: tuple[Open, Open],
    *,
    dive: Dive,
    explain: Explain,
    anything: bool,
) -> Iterator[Found]:
    places: dict[str, int] = {}
    for path in sorted(seen[0].keys() & seen[1].keys()):
        one, other = seen[0][path], seen[1][path]
        if one.chunks != other.chunks and one.member.kind == other.member.kind:
            places[path] = first_chunk(one.chunks, other.chunks)
    whole = _whole(seen, places)
    pieces = [
        _pieces(opened, places, whole, "/".join(place), anything=anything) for opened in (opens if places else ())
    ]
    renamed = _renamed(seen)
    for path in sorted(seen[0].keys() | seen[1].keys()):
        here = seen[0].get(path), seen[1].get(path)
        if here[0] is None or here[1] is None:
            yield from _alone(place, path, renamed, present=0 if here[0] is not None else 1, explain=explain)
            continue
        if path in places:
            sides = pieces[0][path], pieces[1][path]
            yield from (
                dive((*place, path), sides)
                if path in whole
                else (explain((*place, path), sides, places[path] * CHUNK),)
            )
        yield from of_members((*place, path), here[0].member, here[1].member, content=path in places)
    yield from _orders(place, seen)


def first_chunk(one: tuple[bytes, ...], other: tuple[bytes, ...]) -> int:
    """The number of the first chunk that differs."""
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return index
    return min(len(one), len(other))


def _members(stream: Readable, subject: str, *, anything: bool) -> Iterator[tuple[Member, Body]]:
    return untar(stream, subject=subject, special=anything, anything=anything)


def scan_tar(stream: Readable, subject: str, *, anything: bool) -> dict[str, Seen]:
    """Every member by its path. Raises IntegrityError as ``untar``."""
    return {
        member.path: Seen(member=member, chunks=_digests(body), position=position)
        for position, (member, body) in enumerate(_members(stream, subject, anything=anything))
    }


def _digests(body: Body) -> tuple[bytes, ...]:
    return tuple(hashlib.sha256(chunk).digest() for chunk in iter(lambda: body.read(CHUNK), b""))


def _whole(seen: tuple[dict[str, Seen], dict[str, Seen]], places: dict[str, int]) -> set[str]:
    """The differing files that are looked into as a whole: as many as there is room for."""
    left, found = _WHOLE, set()
    for path in sorted(places):
        size = max(side[path].member.size for side in seen)
        if size <= left:
            found.add(path)
            left -= size
    return found


def _pieces(opened: Open, places: dict[str, int], whole: set[str], subject: str, *, anything: bool) -> dict[str, bytes]:
    """Each differing file whole, or the chunk in which its first difference lies."""
    found: dict[str, bytes] = {}
    for member, body in _members(opened(), subject, anything=anything):
        if member.path in whole:
            found[member.path] = body.read()
        elif member.path in places:
            wanted, chunks = places[member.path], iter(lambda: body.read(CHUNK), b"")  # noqa: B023  used up before the next
            found[member.path] = next((chunk for index, chunk in enumerate(chunks) if index == wanted), b"")
    return found


def _renamed(seen: tuple[dict[str, Seen], dict[str, Seen]]) -> dict[str, str]:
    """Files that only one side has, by those of the other with the same bytes under another name."""
    by_content: list[dict[tuple[bytes, ...], list[str]]] = [{}, {}]
    for number, side in enumerate(seen):
        for path in sorted(side.keys() - seen[1 - number].keys()):
            if side[path].chunks:
                by_content[number].setdefault(side[path].chunks, []).append(path)
    found = {}
    for chunks, paths in by_content[0].items():
        others = by_content[1].get(chunks, [])
        if len(paths) == len(others) == 1:
            found[paths[0]], found[others[0]] = others[0], paths[0]
    return found


def _alone(
    place: tuple[str, ...], path: str, renamed: dict[str, str], *, present: int, explain: Explain
) -> Iterator[Found]:
    other = renamed.get(path)
    if other is None:
        words = ("present", "missing") if present == 0 else ("missing", "present")
        yield told((*place, path), *words, cause("file-set", f"/{path} exists in one build only"))
    elif present == 0:  # the pair is told once
        sides = tuple(each.encode("utf-8", "surrogateescape") for each in (path, other))
        why = explain((*place, path), (sides[0], sides[1]), 0).cause
        if why.name == "content":
            why = cause("file-set", f"/{path} has another name, /{other}, in the other build")
        yield told((*place, path), path, other, why)


def _orders(place: tuple[str, ...], seen: tuple[dict[str, Seen], dict[str, Seen]]) -> Iterator[Found]:
    both = seen[0].keys() & seen[1].keys()
    one, other = (sorted(both, key=lambda path, side=side: side[path].position) for side in seen)  # type: ignore[misc]
    if one == other:
        return
    at = next(place for place, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1])
    shown = tuple("\n".join(order[at : at + _SHOWN]) for order in (one, other))
    yield told(
        place, shown[0], shown[1], cause("member-order", "the same entries stand in the archive in another order")
    )


def _unreadable(place: tuple[str, ...], opens: tuple[Open, Open], faults: list[str]) -> Iterator[Found]:
    """One side at least is no archive that can be read."""
    if faults[0] and faults[1]:
        differs = list(of_headers(place, (opens[0](), opens[1]())))
        yield from differs or [told(place, faults[0], faults[1], cause("content", "neither is a sound archive"))]
        return
    cut = _cut_off(opens)
    why: Cause = (
        cause("truncated", "the archive is cut off")
        if cut
        else cause("corrupt", f"one archive cannot be read: {faults[0] or faults[1]}")
    )
    yield told(place, faults[0] or "sound", faults[1] or "sound", why)


def _cut_off(opens: tuple[Open, Open]) -> bool:
    """Whether one stream is the beginning of the other."""
    one, other = opens[0](), opens[1]()
    while True:
        pieces = _exactly(one, CHUNK), _exactly(other, CHUNK)
        if pieces[0] != pieces[1]:
            return first_unequal(*pieces) == min(map(len, pieces))
        if not pieces[0]:
            return False


def _exactly(stream: Readable, size: int) -> bytes:
    parts, left = [], size
    while left and (chunk := stream.read(left)):
        parts.append(chunk)
        left -= len(chunk)
    return b"".join(parts)
