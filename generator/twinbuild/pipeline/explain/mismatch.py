"""Two things that should be the same bytes: releases, image layouts, directories, archives, any files.

What follows from another difference is no difference of its own: of a configuration, a release manifest or an SBOM
that name digests, only what is left when digests are masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

from twinbuild.codec.amounts import counted
from twinbuild.errors import IntegrityError, TwinbuildError, UsageError
from twinbuild.model.image import Descriptor
from twinbuild.oci.layout import blob_path
from twinbuild.pipeline.explain.layerdiff import paired
from twinbuild.pipeline.explain.layers import ImageOf, LayerOf, images_of, layout_in, open_layer
from twinbuild.pipeline.explain.trees import tree_files
from twinbuild.pipeline.observed import APPROVALS, SIGNATURES
from twinbuild.pipeline.parity import parity
from twinbuild.pipeline.reading.layouts import LayoutBlobs
from twinbuild.pipeline.reading.released import read_release
from twinbuild.pipeline.regular import Irregular, open_regular
from twinbuild.verify.mismatch.catalogue import Cause, cause
from twinbuild.verify.mismatch.compressed import gzip_header, of_gzip_headers
from twinbuild.verify.mismatch.dive import Diver
from twinbuild.verify.mismatch.found import Found, at_bytes, first_unequal, told
from twinbuild.verify.mismatch.tars import CHUNK, compare_tars

__all__ = ["Mismatch", "Reason", "mismatch"]

_LARGEST: Final = 256 << 20  # bytes of a file that is read whole
_DIGEST: Final = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_SIZE: Final = re.compile(rb'("size": ?)\d+')
_DECIDED: Final = frozenset({"source", "model", "configuration", "serving", "build", "metadata"})
_DECIDED_BELOW: Final = frozenset({("environment", "targets"), ("environment", "steps"), ("environment", "base")})
_OBSERVED: Final = ("run.json", "tests.intoto.json", "provenance.intoto.json")
_LATER: Final = {"modification-time": 1, "file-set": 2, "random": 3, "content": 4}  # what often follows from others
_MOST: Final = 50_000  # differences that are looked into
_STATED: Final = "a digest or a size is stated otherwise of what is the same: one of the two is wrong, or was changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One cause: its first difference and the step that made it, and how many more there are of it."""

    cause: Cause
    first: Found
    step: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """Every cause, the likeliest first; none where the two are the same. ``notes`` say what was not compared."""

    reasons: tuple[Reason, ...]
    notes: tuple[str, ...]


_Told = tuple[str, Found]


def mismatch(first: Path, second: Path) -> Mismatch:
    """Compare two places of one kind.

    Raises UsageError TB9301 for a place that is not there or cannot be read, TB9302 for places of unlike kinds.
    """
    kinds = _kind(first), _kind(second)
    if kinds[0] != kinds[1]:
        raise UsageError.of(
            "TB9302",
            f"{first} is {kinds[0]}, {second} is {kinds[1]}; expected two of one kind",
            hint="name two releases, two image layouts, two directories or two files",
        )
    notes: list[str] = []
    match kinds[0]:
        case "a release":
            found = _releases(first, second, notes)
        case "an image layout":
            found = _layouts(first, second)
        case "a directory":
            found = _trees(first, second)
        case _:
            found = (("", each) for each in _files(first, second, (), Diver(), follow=True))
    reasons = _ranked(found)
    if sum(reason.count for reason in reasons) >= _MOST:
        notes.append(f"what is behind the first {_MOST} differences")
    return Mismatch(reasons=reasons, notes=tuple(notes))


def _kind(where: Path) -> str:
    if where.is_file():
        return "a file"
    if not where.is_dir():
        raise UsageError.of(
            "TB9301",
            f"{where} is neither a file nor a directory",
            hint="name a release, an image layout, a directory, an archive or another file",
            where=str(where),
        )
    if layout_in(where) is None:
        return "a directory"
    return "a release" if (where / "manifest.json").is_file() else "an image layout"


def _ranked(found: Iterator[_Told]) -> tuple[Reason, ...]:
    """The causes in the order in which they were met, those that say little after the others."""
    reasons: dict[str, Reason] = {}
    for number, (step, each) in enumerate(found, 1):
        known = reasons.get(each.cause.name)
        if known is None:
            reasons[each.cause.name] = Reason(cause=each.cause, first=each, step=step, count=1)
        else:
            reasons[each.cause.name] = replace(known, count=known.count + 1)
        if number >= _MOST:
            break
    return tuple(sorted(reasons.values(), key=lambda reason: _LATER.get(reason.cause.name, 0)))


def _releases(first: Path, second: Path, notes: list[str]) -> Iterator[_Told]:
    notes.append(
        "run.json and the statements of tests and provenance, which tell of one run; "
        "signatures and approvals, which are about a release"
    )
    beside = partial(_trees, first, second, left_out=("image", SIGNATURES, APPROVALS, *_OBSERVED), modes=False)
    found = False
    for each in chain(_inputs(first, second), _layouts(first, second), beside(masked=True)):
        found = True
        yield each
    for step, alone in () if found else beside():  # what is masked follows from nothing
        yield step, replace(alone, cause=cause("corrupt", _STATED))


def _inputs(first: Path, second: Path) -> Iterator[_Told]:
    """Where the two decided otherwise: then it is no wonder that they differ."""
    try:
        found = parity(read_release(first), read_release(second)).differences
    except TwinbuildError:  # damaged; the files say how
        return
    for item in found:
        if item.section in _DECIDED or item.path[:2] in _DECIDED_BELOW:
            said = f"they were not made from the same inputs: {item.section} {item.what} differs"
            yield "", told(("manifest.json", *item.path), item.first, item.second, cause("inputs", said))


def _trees(
    first: Path, second: Path, *, left_out: tuple[str, ...] = (), masked: bool = False, modes: bool = True
) -> Iterator[_Told]:
    one, other = (tree_files(place, left_out=left_out) for place in (first, second))
    diver = Diver()
    for path in sorted(one.keys() | other.keys()):
        left, right = one.get(path), other.get(path)
        if left is None or right is None:
            words = ("missing", "present") if left is None else ("present", "missing")
            yield "", told((path,), *words, cause("file-set", f"{path} is in one of them only"))
            continue
        if modes or left.kind != right.kind:  # those of a copied release are of who copied it
            yield from (("", each) for each in left.unlike(right, path))
        if left.kind == right.kind == "file":
            yield from (("", each) for each in _files(first / path, second / path, (path,), diver, masked=masked))


def _masked(content: bytes) -> bytes:
    """Without digests, and the sizes of what they name: they follow from other bytes."""
    return _SIZE.sub(rb"\g<1>0", _DIGEST.sub(b"0" * 64, content))


def _plain(sides: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    return _masked(sides[0]), _masked(sides[1])


def _files(
    first: Path, second: Path, place: tuple[str, ...], diver: Diver, *, follow: bool = False, masked: bool = False
) -> Iterator[Found]:
    """Compare two files, whole where neither is too large to be looked into. Raises UsageError TB9301."""
    try:
        with open_regular(first, follow=follow) as one, open_regular(second, follow=follow) as other:
            sides = one.read(_LARGEST + 1), other.read(_LARGEST + 1)
            if max(map(len, sides)) <= _LARGEST:
                yield from diver.content(place, _plain(sides) if masked else sides)
                return
            base = 0
            while sides[0] == sides[1] and sides[0]:
                base += len(sides[0])
                sides = one.read(_LARGEST), other.read(_LARGEST)
            if sides[0] != sides[1]:
                at = first_unequal(*sides) // CHUNK * CHUNK
                yield diver.piece(place, (sides[0][at : at + CHUNK], sides[1][at : at + CHUNK]), base + at)
    except Irregular as error:
        raise UsageError.of(
            "TB9301", f"a file {error}", hint="name regular files", where=f"{first}, {second}"
        ) from None


def _layouts(first: Path, second: Path) -> Iterator[_Told]:
    places = layout_in(first), layout_in(second)
    assert places[0] is not None and places[1] is not None, "their kind was asked for"  # noqa: PT018
    blobs = LayoutBlobs(places[0]), LayoutBlobs(places[1])
    found: list[tuple[ImageOf, ...]] = []
    for number, each in enumerate(blobs):
        try:
            found.append(images_of(each))
        except TwinbuildError as error:
            yield _damage("the layout", number, error.findings[0].message)
            return
    if len(found[0]) != len(found[1]):
        said = [", ".join(image.name for image in side) for side in found]
        yield (
            "",
            told(("index.json",), said[0], said[1], cause("file-set", "the layouts hold unlike numbers of images")),
        )
    named = [{image.name: image for image in side} for side in found]
    if (
        all(len(names) == len(side) for names, side in zip(named, found, strict=True))
        and named[0].keys() == named[1].keys()
    ):
        pairs = [(image, named[1][name]) for name, image in named[0].items()]
    else:
        pairs = list(zip(*found, strict=False))
    for pair in pairs:
        yield from _images(pair, blobs)


def _damage(what: str, number: int, message: str) -> _Told:
    words = [message, "sound"] if number == 0 else ["sound", message]
    return what, told((), words[0], words[1], cause("corrupt", f"{'first' if number == 0 else 'second'}: {message}"))


def _images(images: tuple[ImageOf, ImageOf], blobs: tuple[LayoutBlobs, LayoutBlobs]) -> Iterator[_Told]:
    one, other = images
    told_before = False
    for left, right in _paired(one.layers, other.layers):
        if left is None or right is None:
            alone = left or right
            assert alone is not None, "a pair has one layer at least"
            words = ("present", "missing") if left else ("missing", "present")
            yield alone.step, told((), *words, cause("file-set", f"{alone.step} is in one image only"))
            told_before = True
            continue
        for each in _layer_pair((left, right), blobs):
            told_before = True
            yield right.step, each
    documents = (("configuration", one.config, other.config), ("image manifest", one.manifest, other.manifest))
    for name, mine, others in documents:
        sides = (mine, others) if not told_before else _plain((mine, others))
        if mine != others and sides[0] != sides[1]:
            yield f"{name} of {other.name}", Diver().piece((name,), sides)
            told_before = True


def _paired(one: tuple[LayerOf, ...], other: tuple[LayerOf, ...]) -> Iterator[tuple[LayerOf | None, LayerOf | None]]:
    """Layers of the same place; where their numbers differ, as ``paired`` finds them."""
    if len(one) == len(other):
        yield from zip(one, other, strict=True)
        return
    yield from paired(one, other)


def _layer_pair(layers: tuple[LayerOf, LayerOf], blobs: tuple[LayoutBlobs, LayoutBlobs]) -> Iterator[Found]:
    for number, (layer, side) in enumerate(zip(layers, blobs, strict=True)):
        fault = _fault(side, layer.blob)
        if fault is not None:
            broken, message = fault
            words = (message, "sound") if number == 0 else ("sound", message)
            yield told((str(layer.blob.digest),), *words, broken)
            return
    if layers[0].blob.digest == layers[1].blob.digest:
        return
    heads = _head(blobs[0], layers[0]), _head(blobs[1], layers[1])
    diver, found = Diver(), False
    with ExitStack() as opened:

        def keep(stream: BinaryIO) -> BinaryIO:
            return opened.enter_context(stream)

        opens = (lambda: open_layer(blobs[0], layers[0], keep), lambda: open_layer(blobs[1], layers[1], keep))
        # Whatever a configuration says of diff_ids: it may be wrong.
        for each in compare_tars((), opens, dive=diver.content, explain=diver.piece, strict=False):
            found = True
            yield each
    one, other = (gzip_header(head) if head.startswith(b"\x1f\x8b") else None for head in heads)
    why = of_gzip_headers(one, other) if one is not None and other is not None else None
    if why is None and not found:
        why = cause("compressor", "the layers hold the same files, but were compressed to other bytes")
    if why is not None:
        yield at_bytes((), heads, first_unequal(*heads), why)


def _head(blobs: LayoutBlobs, layer: LayerOf) -> bytes:
    with blobs.open(layer.blob.digest) as stream:
        return stream.read(CHUNK)


def _fault(blobs: LayoutBlobs, blob: Descriptor) -> tuple[Cause, str] | None:
    """What is wrong with a blob, where its bytes are not those that its digest names."""
    try:
        blobs.check(blob.digest)
    except IntegrityError as error:
        message = error.findings[0].message
        try:
            size = (blobs.directory / blob_path(blob.digest)).stat().st_size
        except OSError:
            size = 0
        if size < blob.size:
            return cause("truncated", f"the blob has {size} of {counted(blob.size, 'byte')}"), message
        return cause("corrupt", f"the blob is not what its digest says: {message}"), message
    return None
