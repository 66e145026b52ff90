"""The stream that checks what is read through it."""

from __future__ import annotations

import io

import pytest

from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.store.stream import verifying

CONTENT = bytes(range(256)) * 5000


@pytest.mark.parametrize("size", [1000, 4096, 300_000, -1])
def test_damage_shows_at_the_last_read(size: int) -> None:
    """In whatever pieces it is read, a damaged stream raises before its end is reported."""
    stream = verifying(io.BytesIO(CONTENT[:-1] + b"x"), Digest.of(CONTENT))

    def read_all() -> None:
        while stream.read(size):
            pass

    with pytest.raises(IntegrityError):
        read_all()


def test_exactly_as_many_bytes_as_there_are() -> None:
    """A reader who knows the size and never asks for the end is told too."""
    stream = verifying(io.BytesIO(CONTENT[:-1] + b"x"), Digest.of(CONTENT))
    with pytest.raises(IntegrityError):
        stream.read(len(CONTENT))


def test_reading_at_random_and_then_in_order() -> None:
    """Seeking about doesn't confuse the check: sound content is accepted, damaged content is not."""
    for damaged in (False, True):
        stream = verifying(io.BytesIO(CONTENT[:-1] + (b"x" if damaged else CONTENT[-1:])), Digest.of(CONTENT))
        stream.seek(600_000)
        assert stream.read(10) == CONTENT[600_000:600_010]
        stream.seek(0)
        assert stream.read(500_000) == CONTENT[:500_000]
        stream.seek(100)
        assert stream.tell() == 100
        if damaged:
            with pytest.raises(IntegrityError):
                stream.read()
        else:
            assert stream.read() == CONTENT[100:]


def test_part_of_a_damaged_stream() -> None:
    """Who reads only a part learns nothing: the digest is that of the whole."""
    stream = verifying(io.BytesIO(CONTENT[:-1] + b"x"), Digest.of(CONTENT))
    assert stream.read(10) == CONTENT[:10]


def test_closing_closes_the_source() -> None:
    """The source is closed with the stream."""
    source = io.BytesIO(CONTENT)
    verifying(source, Digest.of(CONTENT)).close()
    assert source.closed
