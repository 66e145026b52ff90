from __future__ import annotations

import bz2
import gzip
import lzma
import tracemalloc
from collections.abc import Callable

import pytest
import zstandard

from twinbuild.verify.mismatch.compressed import gzip_header, kind_of, of_gzip_headers, unpack

_PACKED = {
    "gzip": gzip.compress(b"x" * 900, mtime=0),
    "zstd": zstandard.compress(b"x" * 900),
    "xz": lzma.compress(b"x" * 900),
    "bzip2": bz2.compress(b"x" * 900),
}


@pytest.mark.parametrize("kind", _PACKED)
def test_unpacked(kind: str) -> None:
    """Whole, several behind each other, cut off, damaged, and no more than is allowed."""
    packed = _PACKED[kind]
    assert kind_of(packed) == kind
    assert unpack(kind, packed, limit=900).content == b"x" * 900
    assert unpack(kind, packed * 2, limit=5000).content == b"x" * 1800
    assert unpack(kind, packed[:-5], limit=900).cut
    assert unpack(kind, packed, limit=899).beyond
    assert unpack(kind, packed + b"trailing", limit=900).fault


def test_a_bomb_stays_small() -> None:
    """What would become huge ends at the limit."""
    bomb = gzip.compress(bytes(50 << 20))
    found = unpack("gzip", bomb, limit=1 << 20)
    assert found.beyond
    assert len(found.content) <= 1 << 20


@pytest.mark.parametrize("kind", ["gzip", "zstd", "bzip2"])
def test_empty_members(kind: str) -> None:
    """Any number of them is read in no more time than it takes to read them, up to more than any program writes."""
    pack: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress,
        "zstd": zstandard.compress,
        "bzip2": bz2.compress,
    }
    empty = pack[kind](b"")
    many = empty * 50_000
    assert unpack(kind, many + _PACKED[kind], limit=900).content == b"x" * 900
    assert unpack(kind, many * 3, limit=900).beyond


def test_a_block_for_four_bytes() -> None:
    """A frame of zstd whose blocks are all one byte repeated gives what is asked for, not gigabytes at once."""
    block = (128 << 10 << 3 | 2).to_bytes(3, "little") + b"x"  # RFC 8878, 3.1.1.2: not the last, RLE
    bomb = b"\x28\xb5\x2f\xfd\0\x38" + block * 1000
    tracemalloc.start()
    try:
        assert unpack("zstd", bomb, limit=1 << 20).beyond
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


def test_headers() -> None:
    """The first field that differs, the time before all others."""
    one = gzip_header(_PACKED["gzip"])
    other = gzip_header(gzip.compress(b"x", mtime=9))
    assert one is not None
    assert other is not None
    found = of_gzip_headers(one, other)
    assert found is not None
    assert found.name == "gzip-timestamp"
    assert of_gzip_headers(one, one) is None
    assert gzip_header(b"\x1f\x8b\x08") is None
