"""Two builds of one plan, byte by byte: equal, or which file of which layer differs, from which byte on, and why.

Digests decide: blobs are named by what was really written. Only where digests differ are layers read again, twice: a
first pass finds members that differ and, by digests of chunks, where; a second fetches the bytes around that place.
Memory grows with the number of files and of 64 KiB chunks, never with their bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from twinbuild.codec.untar import Member, untar
from twinbuild.model.image import BuiltLayer, Image
from twinbuild.model.verification import Difference, Different, Identical, Variation, Verification
from twinbuild.oci.decompress import decompress
from twinbuild.oci.stack import LAYER_KINDS
from twinbuild.ports import Store
from twinbuild.verify.cause import Clue, explain

__all__ = ["compare_builds"]

_CHUNK: Final = 64 << 10
_LIMIT: Final = 64 << 30
_AROUND: Final = 48  # bytes of context on each side of the first difference
_MOST: Final = 20  # differences of one layer that are worth reading


def compare_builds(
    first: tuple[Image, ...],
    second: tuple[Image, ...],
    *,
    stores: tuple[Store, Store],
    variations: tuple[Variation, ...],
    clue: Clue,
) -> Verification:
    """Compare two builds of one plan; ``stores`` hold the blobs of each. ``clue`` is what each build could observe."""
    differences: list[Difference] = []
    omitted = 0
    for left, right in zip(first, second, strict=True):
        assert (left.variant, left.platform) == (right.variant, right.platform), "builds of one plan"
        if left.manifest == right.manifest:
            continue
        name = f"{left.variant} {left.platform}"
        before = len(differences)
        for pair in zip(left.layers, right.layers, strict=True):
            for number, difference in enumerate(_compare_layers(name, pair, stores, clue)):
                if number < _MOST:
                    differences.append(difference)
                else:
                    omitted += 1
        if len(differences) == before:
            differences.extend(_compare_documents(name, left, right, stores, clue))
    if differences:
        return Different(variations=variations, differences=tuple(differences), omitted=omitted)
    return Identical(variations=variations, images=tuple(image.manifest.digest for image in first))


def _compare_documents(
    name: str, left: Image, right: Image, stores: tuple[Store, Store], clue: Clue
) -> Iterator[Difference]:
    """Every layer is equal, so configuration or manifest must differ."""
    for title, one, other in (("config", left.config, right.config), ("manifest", left.manifest, right.manifest)):
        if one.digest != other.digest:
            yield _difference(name, title, "", (stores[0].read(one.digest), stores[1].read(other.digest)), clue=clue)
            return


@dataclass(frozen=True, slots=True)
class _Seen:
    """A member, the digests of its chunks, and its place in the archive."""

    member: Member
    chunks: tuple[bytes, ...]
    position: int


def _members(layer: BuiltLayer, store: Store) -> Iterator[tuple[Member, Iterator[bytes]]]:
    kind = LAYER_KINDS[layer.blob.media_type]
    with store.open(layer.blob.digest) as blob:
        stream = _Joined(decompress(blob, kind, limit=_LIMIT, subject=layer.title))
        for member, body in untar(stream, subject=layer.title):
            yield member, iter(lambda: body.read(_CHUNK), b"")  # noqa: B023  used up before the next


class _Joined:
    """Chunks as a stream."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._rest = chunk
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece


def _scan(layer: BuiltLayer, store: Store) -> dict[str, _Seen]:
    return {
        member.path: _Seen(member, tuple(hashlib.sha256(chunk).digest() for chunk in chunks), position)
        for position, (member, chunks) in enumerate(_members(layer, store))
    }


def _compare_layers(
    name: str, layers: tuple[BuiltLayer, BuiltLayer], stores: tuple[Store, Store], clue: Clue
) -> Iterator[Difference]:
    left, right = layers
    if left.blob == right.blob and left.diff_id == right.diff_id:
        return
    if left.diff_id == right.diff_id:
        heads = tuple(_head(layer, store) for layer, store in zip(layers, stores, strict=True))
        yield _difference(name, left.title, "", (heads[0], heads[1]), clue=clue, compressed=True)
        return
    seen = _scan(left, stores[0]), _scan(right, stores[1])
    places: dict[str, int] = {}
    for path in sorted(seen[0].keys() | seen[1].keys()):
        one, other = seen[0].get(path), seen[1].get(path)
        if one is None or other is None:
            yield _missing(name, left.title, path, present_in=0 if other is None else 1, clue=clue)
        elif one.chunks != other.chunks:
            places[path] = _first_unequal(one.chunks, other.chunks)
        elif replace(one.member, offset=0) != replace(other.member, offset=0):
            yield _header(name, left.title, one.member, other.member, clue)
    pieces = tuple(_pieces(layer, store, places) for layer, store in zip(layers, stores, strict=True))
    for path in sorted(places):
        yield _difference(
            name, left.title, path, (pieces[0][path], pieces[1][path]), base=places[path] * _CHUNK, clue=clue
        )
    orders = tuple(
        sorted(seen[0].keys() & seen[1].keys(), key=lambda path, side=side: side[path].position)  # type: ignore[misc]
        for side in seen
    )
    if orders[0] != orders[1]:
        sides = tuple("\n".join(order).encode() for order in orders)
        yield _difference(name, left.title, "", (sides[0], sides[1]), clue=clue, reordered=True)


def _head(layer: BuiltLayer, store: Store) -> bytes:
    with store.open(layer.blob.digest) as blob:
        return blob.read(_CHUNK)


def _first_unequal(one: tuple[bytes, ...], other: tuple[bytes, ...]) -> int:
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return index
    return min(len(one), len(other))


def _pieces(layer: BuiltLayer, store: Store, places: dict[str, int]) -> dict[str, bytes]:
    """For each path the chunk in which its first difference lies, with the chunk before it."""
    found: dict[str, bytes] = {}
    for member, chunks in _members(layer, store) if places else ():
        if member.path in places:
            wanted = places[member.path]
            found[member.path] = next((chunk for index, chunk in enumerate(chunks) if index == wanted), b"")
    return found


def _difference(
    image: str,
    layer: str,
    path: str,
    sides: tuple[bytes, bytes],
    *,
    clue: Clue,
    base: int = 0,
    compressed: bool = False,
    reordered: bool = False,
) -> Difference:
    at = next(
        (index for index, pair in enumerate(zip(*sides, strict=False)) if pair[0] != pair[1]),
        min(len(sides[0]), len(sides[1])),
    )
    start = max(0, at - _AROUND)
    cause = explain(path, sides, at, base=base, clue=clue, compressed=compressed, reordered=reordered)
    return Difference(
        image=image,
        layer=layer,
        path=path,
        offset=base + at,
        first=_shown(sides[0][start : at + _AROUND]),
        second=_shown(sides[1][start : at + _AROUND]),
        cause=cause.name,
        explanation=cause.explanation,
        remedy=cause.remedy,
    )


def _shown(piece: bytes) -> str:
    return piece.decode("latin-1").encode("unicode_escape").decode("ascii")


def _missing(image: str, layer: str, path: str, *, present_in: int, clue: Clue) -> Difference:
    cause = explain(path, (b"", b""), 0, base=0, clue=clue, missing=True)
    here, there = ("present", "missing") if present_in == 0 else ("missing", "present")
    return Difference(
        image=image,
        layer=layer,
        path=path,
        offset=-1,
        first=here,
        second=there,
        cause=cause.name,
        explanation=cause.explanation,
        remedy=cause.remedy,
    )


def _header(image: str, layer: str, one: Member, other: Member, clue: Clue) -> Difference:
    fields = [
        field
        for field in ("kind", "mode", "uid", "gid", "user", "group", "mtime", "size", "target", "attributes")
        if getattr(one, field) != getattr(other, field)
    ]
    shown = tuple(
        ", ".join(
            f"{field}={getattr(side, field):04o}" if field == "mode" else f"{field}={getattr(side, field)}"
            for field in fields
        )
        for side in (one, other)
    )
    cause = explain(one.path, (shown[0].encode(), shown[1].encode()), 0, base=0, clue=clue, fields=tuple(fields))
    return Difference(
        image=image,
        layer=layer,
        path=one.path,
        offset=-1,
        first=shown[0],
        second=shown[1],
        cause=cause.name,
        explanation=cause.explanation,
        remedy=cause.remedy,
    )
