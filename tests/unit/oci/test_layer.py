import hashlib
import io
import tracemalloc
from typing import BinaryIO

import pytest

from fakes.images import EPOCH, TREE
from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.plan import Compression
from twinbuild.model.tree import BytesContent, Entry, File
from twinbuild.oci.compress import compressor
from twinbuild.oci.decompress import decompress
from twinbuild.oci.layer import WrittenLayer, write_layer
from twinbuild.oci.tar import write_archive


def written(
    entries: tuple[Entry, ...] = TREE, kind: Compression = Compression.ZSTD, workers: int = 2
) -> tuple[WrittenLayer, bytes]:
    """A layer and its bytes."""
    sink = io.BytesIO()
    layer = write_layer(iter(entries), mtime=EPOCH, compressor=compressor(kind), sink=sink, workers=workers)
    return layer, sink.getvalue()


class Endless:
    """A big file that is never in memory."""

    def __init__(self, size: int) -> None:
        self.size = size

    def open(self) -> BinaryIO:
        """A stream of its bytes."""
        return Stream(self.size)  # type: ignore[return-value]


class Stream(io.RawIOBase):
    """Bytes made while they are read."""

    def __init__(self, left: int) -> None:
        self.left = left

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes."""
        size = min(size, self.left)
        self.left -= size
        return (b"%08d" % self.left * (size // 8 + 1))[:size]


@pytest.mark.parametrize("kind", Compression)
def test_layer_is_what_it_says(kind: Compression) -> None:
    """Digests and sizes are those of the blob and of the archive inside, and the media type is OCI's."""
    layer, blob = written(kind=kind)
    tar = b"".join(decompress(io.BytesIO(blob), kind, limit=1 << 30, subject="layer"))
    assert tar == b"".join(write_archive(TREE, mtime=EPOCH))
    assert (layer.diff_id, layer.uncompressed_size) == (Digest.of(tar), len(tar))
    assert (layer.digest, layer.size) == (Digest.of(blob), len(blob))
    assert layer.blob.media_type == f"application/vnd.oci.image.layer.v1.tar+{kind}"


def test_diff_id_is_the_same_under_each_compression() -> None:
    """The durable identity doesn't depend on how a layer is stored."""
    assert len({written(kind=kind)[0].diff_id for kind in Compression}) == 1
    assert len({written(kind=kind)[0].digest for kind in Compression}) == 2


def test_empty_layer() -> None:
    """A layer of no entries is two zero blocks."""
    assert written(())[0].diff_id == Digest(hashlib.sha256(bytes(1024)).hexdigest())


@pytest.mark.parametrize("path", [".wh.passwd", "etc/.wh.passwd", "etc/.wh..wh..opq", ".wh.d/file"])
def test_refuses_whiteouts(path: str) -> None:
    """An input file of such a name would delete a file of a lower layer."""
    with pytest.raises(IntegrityError) as error:
        written((File(path=path, content=BytesContent(b"")),))
    assert error.value.findings[0].code == "TB4306"


def test_names_that_only_look_like_whiteouts() -> None:
    """The prefix counts at the beginning of a part alone."""
    assert written((File(path="a.wh.b/x.wh.", content=BytesContent(b"")),))[0].size


def test_memory_does_not_grow_with_the_file() -> None:
    """A file of 64 MiB costs Python no more than a few chunks."""
    tracemalloc.start()
    try:
        write_layer(
            [File(path="weights", content=Endless(64 << 20))],
            mtime=EPOCH,
            compressor=compressor(Compression.ZSTD),
            sink=io.BytesIO(),
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20
