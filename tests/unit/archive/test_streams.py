"""``archive.streams``: a blob that is sent, and one that goes nowhere."""

from __future__ import annotations

import pytest

from fakes.kept import source_of
from twinbuild.archive.streams import Anew, Nowhere, Source
from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.store.memory import MemoryStore


def test_a_source_is_hashed_and_opened_again() -> None:
    """Each opening starts from the beginning; other bytes are refused before they are sent."""
    source = Source(source_of(b"bytes"))
    source.check(Digest.of(b"bytes"))
    for _ in range(2):
        with source.open(Digest.of(b"bytes")) as stream:
            assert stream.read() == b"bytes"
    with pytest.raises(IntegrityError, match="TB3101"):
        source.check(Digest.of(b"others"))


def test_nowhere() -> None:
    """Bytes are counted and gone; each blob is counted for itself."""
    sink = Nowhere()
    for content in (b"first", b"2"):
        with sink.writer() as writer:
            writer.write(content)
            assert writer.commit(Digest.of(content)) == (Digest.of(content), len(content))
    assert not sink.has(Digest.of(b"2"))
    assert sink.size(Digest.of(b"2")) == 1


def test_anew() -> None:
    """What is there is fetched all the same, into the store."""
    store = MemoryStore()
    digest = store.put(b"damaged, say")
    sink = Anew(store)
    assert not sink.has(digest)
    assert sink.size(digest) == 12
    with sink.writer() as writer:
        writer.write(b"fresh")
        writer.commit(Digest.of(b"fresh"))
    assert store.read(Digest.of(b"fresh")) == b"fresh"
