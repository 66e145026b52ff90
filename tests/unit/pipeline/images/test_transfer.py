"""Blobs side by side."""

from __future__ import annotations

import threading

import pytest

from twinbuild.errors import FetchError, IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.reference import ImageReference
from twinbuild.pipeline.images.transfer import Meter, known_repositories, move, remember_repository
from twinbuild.store.memory import MemoryStore

BLOBS = [Descriptor(media_type="x", digest=Digest.of(bytes([number])), size=number) for number in range(5)]


def test_in_order() -> None:
    """Results come in the order of the blobs, whichever ends first."""
    first = threading.Event()

    def one(blob: Descriptor) -> int:
        if blob.size == 0:
            first.wait(10)
        if blob.size == 1:
            first.set()
        return blob.size

    assert move(BLOBS, one, connections=2, stop=lambda: None) == [0, 1, 2, 3, 4]


def test_an_error_stops_the_others() -> None:
    """The others are woken, and wrong bytes are said before a failed network."""
    stopped = threading.Event()

    def one(blob: Descriptor) -> int:
        if blob.size == 1:
            raise IntegrityError.of("TB3211", "wrong", hint="-")
        if not stopped.wait(10):
            raise AssertionError("nobody stopped it")
        raise FetchError.of("TB3029", "stopped", hint="-")

    with pytest.raises(IntegrityError, match="TB3211"):
        move(BLOBS, one, connections=4, stop=stopped.set)
    assert stopped.is_set()


def test_meter() -> None:
    """All blobs together, and nothing said twice."""
    heard: list[tuple[str, int, int]] = []
    meter = Meter(lambda *said: heard.append(said), "pulling", 10)
    meter.part(BLOBS[3].digest)("its own name", 2, 3)
    meter.at(BLOBS[4].digest, 4)
    meter.at(BLOBS[4].digest, 4)
    meter.at(BLOBS[3].digest, 3)
    assert heard == [("pulling", 2, 10), ("pulling", 6, 10), ("pulling", 7, 10)]


def test_known_repositories() -> None:
    """Where a registry had a blob is remembered for that registry alone."""
    store = MemoryStore()
    here, other = ImageReference.parse("a.example/team/model:1"), ImageReference.parse("b.example/team/model:1")
    assert known_repositories(store, here, BLOBS[0].digest) == ()
    remember_repository(store, here, BLOBS[:1])
    assert known_repositories(store, here, BLOBS[0].digest) == ("team/model",)
    assert known_repositories(store, other, BLOBS[0].digest) == ()
    assert known_repositories(store, here, BLOBS[1].digest) == ()
