"""Two images layer by layer: which layers they share, and which files the others add, remove and change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import BinaryIO, Final

from twinbuild.codec.untar import Kind
from twinbuild.pipeline.explain.layers import ImageOf, LayerOf, open_layer
from twinbuild.pipeline.reading.layouts import LayoutBlobs
from twinbuild.verify.mismatch.tars import Seen, scan_tar

__all__ = ["FileChange", "ImageDiff", "LayerDiff", "image_diff", "paired"]

_MOST: Final = 20  # files of a layer that are named, the largest first


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A file; sizes are bytes, -1 where a side has it not."""

    path: str
    before: int
    after: int

    @property
    def weight(self) -> int:
        """By how many bytes it may matter."""
        return max(self.before, self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDiff:
    """A layer of one image, and that of the other in its place. Numbers count from 1, 0 for none; sizes are bytes.

    ``files`` are the largest of those that were added, removed or changed; the counts are of all.
    """

    title: str
    numbers: tuple[int, int]
    sizes: tuple[int, int]
    shared: bool
    added: int = 0
    removed: int = 0
    changed: int = 0
    files: tuple[FileChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDiff:
    """Two images of one name. ``shared`` and ``pulled`` are bytes of layers that the second has, and has anew."""

    name: str
    layers: tuple[LayerDiff, ...]

    @property
    def shared(self) -> int:
        """Bytes of layers that both have."""
        return sum(each.sizes[1] for each in self.layers if each.shared)

    @property
    def pulled(self) -> int:
        """Bytes of layers that somebody who has the first must fetch for the second."""
        return sum(each.sizes[1] for each in self.layers if not each.shared)


def image_diff(images: tuple[ImageOf, ImageOf], blobs: tuple[LayoutBlobs, LayoutBlobs]) -> ImageDiff:
    """Compare two images; layers that differ are read whole. Raises IntegrityError for a damaged one."""
    held = {layer.blob.digest for layer in images[0].layers}
    layers = []
    for pair in paired(images[0].layers, images[1].layers):
        left, right = pair
        some = right or left
        assert some is not None, "a pair has one layer at least"
        shared = right is not None and right.blob.digest in held
        base = LayerDiff(
            title=some.title,
            numbers=(left.number if left else 0, right.number if right else 0),
            sizes=(left.blob.size if left else 0, right.blob.size if right else 0),
            shared=shared,
        )
        layers.append(base if shared else _files(base, pair, blobs))
    return ImageDiff(name=images[1].name, layers=tuple(layers))


def paired(one: tuple[LayerOf, ...], other: tuple[LayerOf, ...]) -> Iterator[tuple[LayerOf | None, LayerOf | None]]:
    """Layers that are the same, and between them those of the same title, then of the same place."""
    matcher = SequenceMatcher(a=[each.diff_id for each in one], b=[each.diff_id for each in other], autojunk=False)
    for _, start, end, begin, stop in matcher.get_opcodes():
        yield from _between(list(one[start:end]), list(other[begin:stop]))


def _between(left: list[LayerOf], right: list[LayerOf]) -> Iterator[tuple[LayerOf | None, LayerOf | None]]:
    if len(left) == len(right):
        yield from zip(left, right, strict=True)
        return
    titles = SequenceMatcher(a=[_kind(each) for each in left], b=[_kind(each) for each in right], autojunk=False)
    for _, start, end, begin, stop in titles.get_opcodes():
        for number in range(max(end - start, stop - begin)):
            yield (
                left[start + number] if start + number < end else None,
                right[begin + number] if begin + number < stop else None,
            )


def _kind(layer: LayerOf) -> str:
    """What a layer is, without its version: `wheel numpy` of `wheel numpy 2.4.6`."""
    return " ".join(layer.title.split(" ")[:2])


def _files(
    base: LayerDiff, pair: tuple[LayerOf | None, LayerOf | None], blobs: tuple[LayoutBlobs, LayoutBlobs]
) -> LayerDiff:
    one, other = (_scanned(layer, side) for layer, side in zip(pair, blobs, strict=True))
    changes = []
    for path in one.keys() | other.keys():
        before, after = one.get(path), other.get(path)
        if before is not None and after is not None and before.chunks == after.chunks and _same(before, after):
            continue
        changes.append(FileChange(path=f"/{path}", before=_size(before), after=_size(after)))
    changes.sort(key=lambda each: (-each.weight, each.path))
    return LayerDiff(
        title=base.title,
        numbers=base.numbers,
        sizes=base.sizes,
        shared=False,
        added=sum(each.before < 0 for each in changes),
        removed=sum(each.after < 0 for each in changes),
        changed=sum(each.before >= 0 and each.after >= 0 for each in changes),
        files=tuple(changes[:_MOST]),
    )


def _same(one: Seen, other: Seen) -> bool:
    return (one.member.kind, one.member.mode, one.member.target) == (
        other.member.kind,
        other.member.mode,
        other.member.target,
    )


def _size(seen: Seen | None) -> int:
    return -1 if seen is None else seen.member.size


def _scanned(layer: LayerOf | None, blobs: LayoutBlobs) -> dict[str, Seen]:
    """The entries of a layer but its directories; none for no layer."""
    if layer is None:
        return {}
    blobs.check(layer.blob.digest, size=layer.blob.size)
    with ExitStack() as opened:

        def keep(stream: BinaryIO) -> BinaryIO:
            return opened.enter_context(stream)

        found = scan_tar(open_layer(blobs, layer, keep), layer.step, anything=True)
    return {path: seen for path, seen in found.items() if seen.member.kind is not Kind.DIRECTORY}
