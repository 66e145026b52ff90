"""Two builds side by side: equal ones, and every way in which they can be unlike."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

import pytest

from twinbuild.model.digest import Digest
from twinbuild.model.image import BuiltLayer, Descriptor, Image
from twinbuild.model.plan import Compression
from twinbuild.model.platform import Platform
from twinbuild.model.tree import BytesContent, Content, Directory, Entry, File, Symlink
from twinbuild.model.verification import Difference, Different, Identical, Variation
from twinbuild.oci.compress import compressor
from twinbuild.oci.layer import write_layer
from twinbuild.store.memory import MemoryStore
from twinbuild.verify.cause import Clue, Observed
from twinbuild.verify.compare import compare_builds

_SEEN = Observed(
    time=0.0,
    host_name="one",
    user="one",
    directories=(),
    time_zones=(),
    locale="one",
    environment=(),
    processors=1,
)
_CLUE = Clue(first=_SEEN, second=replace(_SEEN, host_name="two", user="two", locale="two", processors=2))
_VARIATIONS = (Variation(name="clock", description="another time"),)
_TREE: tuple[Entry, ...] = (
    Directory(path="app"),
    File(path="app/a", content=BytesContent(b"a" * 10)),
    File(path="app/b", content=BytesContent(b"b" * 10)),
    Symlink(path="app/c", target="a"),
)


def layer(store: MemoryStore, tree: Sequence[Entry], *, title: str = "system", kind: str = "zstd") -> BuiltLayer:
    """A layer of a tree, written to the store."""
    sink = io.BytesIO()
    written = write_layer(tree, mtime=7, compressor=compressor(Compression(kind)), sink=sink)
    store.put(sink.getvalue())
    return BuiltLayer(
        derivation=Digest.of(title.encode()),
        title=title,
        diff_id=written.diff_id,
        uncompressed_size=written.uncompressed_size,
        blob=written.blob,
    )


def image(store: MemoryStore, *layers: BuiltLayer, config: bytes = b"{}") -> Image:
    """An image of layers."""
    manifest = b"+".join(str(each.blob.digest).encode() for each in layers) + config
    return Image(
        derivation=Digest.of(b"derivation"),
        variant="cpu",
        platform=Platform.parse("linux/amd64"),
        manifest=Descriptor(media_type="m", digest=store.put(manifest), size=len(manifest)),
        config=Descriptor(media_type="c", digest=store.put(config), size=len(config)),
        layers=layers,
    )


def compared(*sides: Sequence[Entry] | Image) -> Identical | Different:
    """The comparison of two trees as one layer each, or of two images that lie in both stores."""
    stores = MemoryStore(), MemoryStore()
    images = [
        side if isinstance(side, Image) else image(store, layer(store, side))
        for side, store in zip(sides, stores, strict=True)
    ]
    return compare_builds((images[0],), (images[1],), stores=stores, variations=_VARIATIONS, clue=_CLUE)


def differences(first: Sequence[Entry], second: Sequence[Entry]) -> tuple[Difference, ...]:
    """What is different between two trees."""
    found = compared(first, second)
    assert isinstance(found, Different)
    return found.differences


def changed(path: str, entry: Entry | None, tree: Sequence[Entry] = _TREE) -> list[Entry]:
    """The tree with another entry at a path, or none."""
    return [new for old in tree for new in ([old] if old.path != path else [entry] if entry else [])]


def test_equal() -> None:
    """The verdict has the images' digests and what was varied."""
    found = compared(_TREE, _TREE)
    assert isinstance(found, Identical)
    assert found.variations == _VARIATIONS
    assert len(found.images) == 1


def test_a_byte() -> None:
    """Image, layer, file and offset, with what stands there on each side."""
    (found,) = differences(_TREE, changed("app/b", File(path="app/b", content=BytesContent(b"bbbXbbbbbb"))))
    assert (found.image, found.layer, found.path, found.offset) == ("cpu linux/amd64", "system", "app/b", 3)
    assert (found.first, found.second) == ("b" * 10, "bbbXbbbbbb")
    assert found.cause
    assert found.remedy


@pytest.mark.parametrize("place", [0, 65_535, 65_536, 65_537, 200_000, 299_999])
def test_a_byte_far_into_a_file(place: int) -> None:
    """The offset is that in the file, whichever chunk it lies in."""
    one = bytes(range(250)) * 1200
    other = one[:place] + bytes([one[place] ^ 1]) + one[place + 1 :]
    trees = [[File(path="big", content=BytesContent(content))] for content in (one, other)]
    (found,) = differences(trees[0], trees[1])
    assert (found.path, found.offset) == ("big", place)
    assert found.first != found.second


@pytest.mark.parametrize("extra", [b"", b"\0", b"x" * 65_536])
def test_a_longer_file(extra: bytes) -> None:
    """A file that goes on is different where the other ends."""
    base = b"y" * 65_536
    first, second = ([File(path="f", content=BytesContent(base + more))] for more in (b"", extra))
    if not extra:
        assert isinstance(compared(first, second), Identical)
        return
    (found,) = differences(first, second)
    assert (found.path, found.offset) == ("f", 65_536)
    assert found.second.startswith(found.first)


@pytest.mark.parametrize(
    ("path", "entry", "cause", "said"),
    [
        ("app/a", File(path="app/a", content=BytesContent(b"a" * 10), mode=0o600), "umask", "mode=0600"),
        ("app/a", File(path="app/a", content=BytesContent(b"a" * 10), uid=5), "ownership", "uid=5"),
        ("app/c", Symlink(path="app/c", target="b"), "link-target", "target=b"),
        ("app/c", Directory(path="app/c"), "file-kind", "kind="),
    ],
)
def test_a_header(path: str, entry: Entry, cause: str, said: str) -> None:
    """Fields that differ are named with both values."""
    (found,) = differences(_TREE, changed(path, entry))
    assert (found.path, found.cause) == (path, cause)
    assert said in found.second


def test_a_missing_file() -> None:
    """It is named once, with the side that has it, and no order is blamed for it."""
    (found,) = differences(_TREE, changed("app/a", None))
    assert (found.path, found.offset, found.cause) == ("app/a", -1, "file-set")
    assert (found.first, found.second) == ("present", "missing")


def test_another_order() -> None:
    """Equal entries in another order are a difference of the archive."""
    turned = [_TREE[0], _TREE[2], _TREE[1], _TREE[3]]
    (found,) = differences(_TREE, turned)
    assert (found.path, found.cause) == ("", "member-order")


def test_several_at_once() -> None:
    """All are told."""
    second = changed("app/a", File(path="app/a", content=BytesContent(b"z")))
    second = changed("app/b", None, second)
    assert sorted(found.path for found in differences(_TREE, second)) == ["app/a", "app/b"]


def test_very_many() -> None:
    """Of a layer with very many some are told and the rest is counted, so that other layers are still seen."""
    trees = [
        [File(path=f"f{number:04}", content=BytesContent(f"{side}{number}".encode())) for number in range(100)]
        for side in ("a", "b")
    ]
    stores = MemoryStore(), MemoryStore()
    images = [
        image(store, layer(store, tree), layer(store, [File(path="z", content=BytesContent(end))], title="last"))
        for store, tree, end in zip(stores, trees, (b"1", b"2"), strict=True)
    ]
    found = compare_builds((images[0],), (images[1],), stores=stores, variations=_VARIATIONS, clue=_CLUE)
    assert isinstance(found, Different)
    assert [item.layer for item in found.differences].count("last") == 1
    assert len(found.differences) + found.omitted == 101
    assert found.omitted > 0


def test_only_compressed_otherwise() -> None:
    """The same archive in other compressed bytes is the compressor's doing."""
    stores = MemoryStore(), MemoryStore()
    built = [layer(store, _TREE) for store in stores]
    import zstandard

    plain = zstandard.ZstdDecompressor().decompress(stores[1].read(built[1].blob.digest), max_output_size=1 << 20)
    other = zstandard.ZstdCompressor(level=19).compress(plain)
    built[1] = replace(built[1], blob=replace(built[1].blob, digest=stores[1].put(other), size=len(other)))
    images = [image(store, each) for store, each in zip(stores, built, strict=True)]
    found = compare_builds((images[0],), (images[1],), stores=stores, variations=_VARIATIONS, clue=_CLUE)
    assert isinstance(found, Different)
    assert [(item.path, item.cause) for item in found.differences] == [("", "compressor")]


def test_only_the_configuration() -> None:
    """Where all layers are equal, the configuration is looked at."""
    stores = MemoryStore(), MemoryStore()
    images = [
        image(store, layer(store, _TREE), config=config)
        for store, config in zip(stores, (b'{"user":"one"}', b'{"user":"two"}'), strict=True)
    ]
    found = compare_builds((images[0],), (images[1],), stores=stores, variations=_VARIATIONS, clue=_CLUE)
    assert isinstance(found, Different)
    (item,) = found.differences
    assert (item.layer, item.offset) == ("config", 9)
    assert item.cause in ("host-name", "user")


@dataclass(frozen=True, slots=True)
class _Large:
    """Content that is made while it is read: a pattern with one byte changed."""

    size: int
    changed_at: int

    def open(self) -> BinaryIO:
        """A stream over it."""
        content = bytearray(self.size)
        content[self.changed_at] = 1
        return io.BytesIO(bytes(content))


def test_memory_does_not_grow_with_files() -> None:
    """A file of 64 MiB is compared in a few: digests of chunks are kept, not chunks."""
    size = 64 << 20
    contents: list[Content] = [_Large(size, 5), _Large(size, size - 5)]
    stores = MemoryStore(), MemoryStore()
    images = [
        image(store, layer(store, [File(path="big", content=content)]))
        for store, content in zip(stores, contents, strict=True)
    ]
    tracemalloc.start()
    try:
        found = compare_builds((images[0],), (images[1],), stores=stores, variations=_VARIATIONS, clue=_CLUE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(found, Different)
    assert [(item.path, item.offset) for item in found.differences] == [("big", 5)]
    assert peak < size // 4
