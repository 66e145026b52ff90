import dataclasses
import gzip
import hashlib
import io

import pytest
import zstandard

from twinbuild.errors import BuildError, IntegrityError
from twinbuild.model.plan import Compression
from twinbuild.oci.compress import compressor, encoder
from twinbuild.oci.decompress import decompress

# Over several of zstd's jobs (8 MiB each), partly compressible: blocks of every form occur.
CONTENT = b"".join(hashlib.sha256(bytes([n % 251, n % 83])).digest() * (n % 7) for n in range(20_000)) * 4 + bytes(
    10 << 20
)


def packed(kind: Compression, content: bytes = CONTENT, *, workers: int = 1, step: int = 1 << 20) -> bytes:
    """Content as compressed by the product."""
    encoding = encoder(compressor(kind), size=len(content), workers=workers)
    parts = [encoding.write(content[at : at + step]) for at in range(0, len(content), step)]
    return b"".join(parts) + encoding.finish()


def unpacked(kind: Compression | None, content: bytes, limit: int = 1 << 30) -> bytes:
    """Content as the strict reader takes it."""
    return b"".join(decompress(io.BytesIO(content), kind, limit=limit, subject="layer"))


def refusal(kind: Compression, content: bytes, limit: int = 1 << 30) -> str:
    """The code of a refusal."""
    with pytest.raises(IntegrityError) as error:
        unpacked(kind, content, limit)
    return error.value.findings[0].code


@pytest.mark.parametrize("kind", Compression)
def test_same_bytes_for_any_workers_and_chunks(kind: Compression) -> None:
    """The number of worker threads and the size of the pieces change no byte."""
    assert len({packed(kind, workers=workers) for workers in (1, 2, 3, 5)}) == 1
    assert packed(kind, step=77_777) == packed(kind)


def test_without_workers_zstd_writes_other_bytes() -> None:
    """Control: the mode that is forbidden would really differ."""
    assert zstandard.ZstdCompressor(level=3, threads=0).compress(CONTENT) != packed(Compression.ZSTD)


def test_zstd_states_its_size() -> None:
    """The frame's header holds the content size, so a reader knows it beforehand."""
    assert zstandard.get_frame_parameters(packed(Compression.ZSTD)).content_size == len(CONTENT)


def test_gzip_header_and_trailer_are_fixed() -> None:
    """No time, no name, system 255; and the standard library reads it, sum and size included."""
    made = packed(Compression.GZIP)
    assert made[:10] == bytes.fromhex("1f8b08000000000000ff")
    assert gzip.decompress(made) == CONTENT


@pytest.mark.parametrize("kind", Compression)
@pytest.mark.parametrize("content", [b"", b"x", bytes(300), CONTENT])
def test_round_trip(kind: Compression, content: bytes) -> None:
    """What is compressed is read back, the empty layer included."""
    assert unpacked(kind, packed(kind, content)) == content


@pytest.mark.parametrize(("kind", "version"), [(Compression.ZSTD, "libzstd/1."), (Compression.GZIP, "zlib-ng/2.")])
def test_implementation_names_the_library(kind: Compression, version: str) -> None:
    """The derivation learns which library's version decides the bytes."""
    assert compressor(kind).implementation.startswith(version)


@pytest.mark.parametrize("change", [{"implementation": "libzstd/0.1"}, {"level": 4}, {"mode": "one-shot"}])
def test_refuses_a_compressor_that_is_not_here(change: dict[str, object]) -> None:
    """A plan made for another library, level or mode is refused, never silently served."""
    other = dataclasses.replace(compressor(Compression.ZSTD), **change)  # type: ignore[arg-type]
    with pytest.raises(BuildError) as error:
        encoder(other, size=0)
    assert error.value.findings[0].code == "TB4310"


@pytest.mark.parametrize("kind", Compression)
def test_refuses_what_follows(kind: Compression) -> None:
    """A zero byte, rubbish or a second member behind the first is refused."""
    good = packed(kind, b"layer")
    assert {refusal(kind, good + tail) for tail in (b"\0", b"rubbish", good, bytes(1 << 21))} == {"TB4312"}


def test_refuses_a_skippable_frame() -> None:
    """Skippable frames carry what other readers may interpret: refused before and behind."""
    good, skippable = packed(Compression.ZSTD, b"layer"), b"\x50\x2a\x4d\x18\x04\0\0\0abcd"
    assert refusal(Compression.ZSTD, good + skippable) == "TB4312"
    assert refusal(Compression.ZSTD, skippable + good) == "TB4311"


@pytest.mark.parametrize("kind", Compression)
def test_refuses_every_cut(kind: Compression) -> None:
    """Cut off anywhere, the stream is refused as cut off or malformed."""
    good = packed(kind, b"layer" * 30)
    assert {refusal(kind, good[:length]) for length in range(len(good))} == {"TB4311"}


def test_refuses_a_wrong_sum() -> None:
    """A content that is not what its trailer says is refused, by both formats."""
    good = bytearray(packed(Compression.GZIP, b"layer"))
    good[-8] ^= 1
    assert refusal(Compression.GZIP, bytes(good)) == "TB4311"
    summed = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(b"layer"))
    summed[-1] ^= 1
    assert refusal(Compression.ZSTD, bytes(summed)) == "TB4311"


@pytest.mark.parametrize("kind", Compression)
def test_limit_is_exact(kind: Compression) -> None:
    """As many bytes as the limit are read, one more is refused."""
    content = bytes(5 << 20)
    assert unpacked(kind, packed(kind, content), len(content)) == content
    assert refusal(kind, packed(kind, content), len(content) - 1) == "TB4313"


def test_limit_holds_without_a_stated_size() -> None:
    """A zstd frame that hides its size is stopped at the limit too."""
    hidden = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(5 << 20))
    assert refusal(Compression.ZSTD, hidden, 1 << 20) == "TB4313"


def test_refuses_a_huge_window() -> None:
    """A frame that claims a window of gigabytes is refused before memory is asked for."""
    frame = b"\x28\xb5\x2f\xfd" + bytes([0x00, 31 << 3]) + b"\x01\0\0"
    assert refusal(Compression.ZSTD, frame) == "TB4313"


def test_reads_frames_of_other_writers() -> None:
    """Other levels, with sums, with and without a size: whatever is one frame is read."""
    content = CONTENT[: 1 << 20]
    for options in ({"level": 19}, {"level": 1, "write_checksum": True}, {"write_content_size": False}):
        made = zstandard.ZstdCompressor(**options).compress(content)
        assert unpacked(Compression.ZSTD, made) == content


def test_plain_is_passed_on() -> None:
    """A layer without compression is read as it is, up to the limit."""
    assert unpacked(None, CONTENT) == CONTENT
    with pytest.raises(IntegrityError):
        unpacked(None, CONTENT, 1)
