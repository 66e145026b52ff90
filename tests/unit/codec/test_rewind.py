"""Seeking in a stream that only runs forward."""

from __future__ import annotations

import io
from typing import BinaryIO, cast

from hypothesis import given
from hypothesis import strategies as st

from twinbuild.codec import rewind
from twinbuild.codec.rewind import Rewindable

CONTENT = bytes(range(256)) * 4096  # a megabyte: four chunks


class Opened:
    """Counts how often the stream is opened, and closes what it gave before."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.streams: list[io.BytesIO] = []

    def __call__(self) -> BinaryIO:
        """Once more from the start."""
        self.streams.append(io.BytesIO(self.content))
        return cast("BinaryIO", self.streams[-1])


@given(
    st.binary(max_size=200),
    st.lists(st.tuples(st.integers(0, 250), st.integers(0, 80)), max_size=20),
    st.integers(1, 9),
)
def test_as_a_file(content: bytes, steps: list[tuple[int, int]], chunk: int) -> None:
    """Whatever is read from wherever, it is what a file that can seek gives."""
    before, rewind._CHUNK = rewind._CHUNK, chunk  # type: ignore[misc]
    try:
        stream, file = Rewindable(Opened(content)), io.BytesIO(content)
        for place, size in steps:
            assert (stream.seek(place), file.seek(place)) == (place, place)
            assert stream.read(size) == file.read(size)
            assert stream.tell() == file.tell()
    finally:
        rewind._CHUNK = before  # type: ignore[misc]


def test_how_often_it_starts_anew() -> None:
    """Forward and small steps back cost nothing; a far step back costs one more start."""
    opened = Opened(CONTENT)
    with Rewindable(opened) as stream:
        assert stream.readable()
        assert stream.seekable()
        for place in (0, 300_000, 290_000, 600_000, 400_000, 601_000):
            stream.seek(place)
            assert stream.read(10) == CONTENT[place : place + 10]
        assert len(opened.streams) == 1
        stream.seek(-600_000, 1)
        assert stream.read(1) == CONTENT[1010:1011]
        assert len(opened.streams) == 2
        assert opened.streams[0].closed
        stream.seek(len(CONTENT) + 5)
        assert stream.read(1) == b""
    assert opened.streams[1].closed
