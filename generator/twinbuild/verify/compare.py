"""Two builds of one plan, byte by byte: equal, or which file of which layer differs, from which byte on, and why.

Digests decide: blobs are named by what was really written. Only where digests differ are layers read again, and looked
into by the engine that `explain-mismatch` has, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

from twinbuild.model.image import BuiltLayer, Image
from twinbuild.model.verification import Difference, Different, Identical, Variation, Verification
from twinbuild.oci.decompress import decompress
from twinbuild.oci.stack import LAYER_KINDS
from twinbuild.ports import Store
from twinbuild.verify.cause import Clue
from twinbuild.verify.mismatch.catalogue import cause
from twinbuild.verify.mismatch.compressed import gzip_header, of_gzip_headers
from twinbuild.verify.mismatch.dive import Diver
from twinbuild.verify.mismatch.found import Found, Stream, at_bytes, first_unequal
from twinbuild.verify.mismatch.tars import CHUNK, compare_tars

__all__ = ["compare_builds"]

_LIMIT: Final = 64 << 30
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
            sides = stores[0].read(one.digest), stores[1].read(other.digest)
            yield _difference(name, title, Diver(clue=clue).piece((), sides))
            return


def _compare_layers(
    name: str, layers: tuple[BuiltLayer, BuiltLayer], stores: tuple[Store, Store], clue: Clue
) -> Iterator[Difference]:
    left, right = layers
    if left.blob == right.blob and left.diff_id == right.diff_id:
        return
    if left.diff_id == right.diff_id:
        heads = _head(left, stores[0]), _head(right, stores[1])
        yield _difference(name, left.title, _compressed(heads))
        return
    diver = Diver(clue=clue)
    with ExitStack() as opened:

        def tar(layer: BuiltLayer, store: Store) -> Stream:
            blob = opened.enter_context(store.open(layer.blob.digest))
            return Stream(decompress(blob, LAYER_KINDS[layer.blob.media_type], limit=_LIMIT, subject=layer.title))

        opens = (lambda: tar(left, stores[0])), (lambda: tar(right, stores[1]))
        for found in compare_tars((), opens, dive=diver.content, explain=diver.piece):
            yield _difference(name, left.title, found)


def _head(layer: BuiltLayer, store: Store) -> bytes:
    with store.open(layer.blob.digest) as blob:
        return blob.read(CHUNK)


def _compressed(heads: tuple[bytes, bytes]) -> Found:
    """The tars are equal, and only their compressed forms differ."""
    why = cause("compressor", "the layers hold the same files, but were compressed to other bytes")
    if all(head.startswith(b"\x1f\x8b") for head in heads):
        one, other = (gzip_header(head) for head in heads)
        if one is not None and other is not None:
            why = of_gzip_headers(one, other) or why
    return at_bytes((), heads, first_unequal(*heads), why)


def _difference(image: str, layer: str, found: Found) -> Difference:
    return Difference(
        image=image,
        layer=layer,
        path=" > ".join(found.place),
        offset=found.offset,
        first=_shown(found.first),
        second=_shown(found.second),
        cause=found.cause.name,
        explanation=found.cause.explanation,
        remedy=found.cause.remedy,
    )


def _shown(piece: bytes) -> str:
    return piece.decode("latin-1").encode("unicode_escape").decode("ascii")
