"""What every store must do, on disk and in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from twinbuild.errors import IntegrityError, InternalError, LockError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.ports import Store
from twinbuild.store.disk import DiskStore
from twinbuild.store.memory import MemoryStore
from twinbuild.store.overlay import scratch_store

ABSENT = Digest.of(b"never stored")


@pytest.fixture(params=["disk", "scratch", "paranoid", "memory", "overlay"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Each implementation in turn, empty."""
    kinds: dict[str, Callable[[ExitStack], Store]] = {
        "disk": lambda stack: stack.enter_context(DiskStore(tmp_path / "store")),
        "scratch": lambda stack: stack.enter_context(DiskStore(tmp_path / "store", durable=False)),
        "paranoid": lambda stack: stack.enter_context(DiskStore(tmp_path / "store", paranoid=True)),
        "memory": lambda _: MemoryStore(),
        "overlay": lambda stack: stack.enter_context(scratch_store(MemoryStore(), tmp_path / "store")),
    }
    with ExitStack() as stack:
        yield kinds[request.param](stack)


@pytest.mark.parametrize("content", [b"", b"x", b"document", bytes(range(256)) * 9000], ids=["0", "1", "8", "2M"])
def test_put_and_every_way_to_read(store: Store, content: bytes) -> None:
    """What is put comes back the same by read, open and path, under its SHA-256."""
    digest = store.put(content)
    assert digest == Digest.of(content)
    assert store.has(digest)
    assert store.size(digest) == len(content)
    assert store.read(digest) == content
    with store.open(digest) as stream:
        assert stream.read() == content
    store.check(digest)
    assert store.path(digest).read_bytes() == content
    assert list(store.blobs()) == [digest]


def test_writer_in_pieces(store: Store) -> None:
    """A blob may be written in pieces of any size and of any bytes-like type."""
    pieces = [b"a", bytearray(b"bc"), memoryview(b"d" * 700_000), b"", b"e" * 3, memoryview(b"fg")]
    with store.writer() as writer:
        assert [writer.write(piece) for piece in pieces] == [len(piece) for piece in pieces]
        digest, size = writer.commit()
    content = b"".join(bytes(piece) for piece in pieces)
    assert (digest, size) == (Digest.of(content), len(content))
    assert store.read(digest) == content


def test_writer_with_the_expected_digest(store: Store) -> None:
    """A blob whose digest is as expected is stored."""
    with store.writer() as writer:
        writer.write(b"pinned")
        assert writer.commit(Digest.of(b"pinned")) == (Digest.of(b"pinned"), 6)
    assert store.has(Digest.of(b"pinned"))


def test_writer_with_another_digest(store: Store) -> None:
    """A blob with another digest than expected is refused, and nothing is stored."""
    with store.writer() as writer:
        writer.write(b"tampered")
        with pytest.raises(IntegrityError) as caught:
            writer.commit(Digest.of(b"pinned"))
    assert caught.value.findings[0].code == "TB3101"
    assert list(store.blobs()) == []


def test_writer_left_without_commit(store: Store) -> None:
    """Leaving a writer without commit stores nothing."""
    with store.writer() as writer:
        writer.write(b"half")
    assert list(store.blobs()) == []


def test_writer_left_by_an_exception(store: Store) -> None:
    """An exception in the body of a writer comes out as it is, and nothing is stored."""

    def leave() -> None:
        with store.writer() as writer:
            writer.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        leave()
    assert list(store.blobs()) == []


def test_absent_blob(store: Store) -> None:
    """Every way to read an absent blob raises TB3102 with the digest."""
    assert not store.has(ABSENT)
    for read in (store.size, store.open, store.read, store.check, store.path):
        with pytest.raises(LockError) as caught:
            read(ABSENT)
        assert caught.value.findings[0].code == "TB3102"
        assert caught.value.findings[0].where.subject == str(ABSENT)


def test_document_above_the_limit(store: Store) -> None:
    """A document larger than the limit isn't read; one of just that size is."""
    digest = store.put(b"12345")
    assert store.read(digest, limit=5) == b"12345"
    with pytest.raises(IntegrityError) as caught:
        store.read(digest, limit=4)
    assert caught.value.findings[0].code == "TB3103"


def test_putting_twice(store: Store) -> None:
    """The same content twice is one blob."""
    assert store.put(b"same") == store.put(b"same")
    assert len(list(store.blobs())) == 1


def test_blobs_are_sorted(store: Store) -> None:
    """All names are listed in order."""
    digests = [store.put(str(number).encode()) for number in range(30)]
    assert list(store.blobs()) == sorted(digests)


def test_stream_is_seekable(store: Store) -> None:
    """A stream can be read at random, as a zip reader does."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", b"a" * 100_000)
        archive.writestr("b.txt", b"b")
    with store.open(store.put(buffer.getvalue())) as stream:
        assert stream.seekable()
        with zipfile.ZipFile(stream) as archive:
            assert archive.read("b.txt") == b"b"
            assert archive.read("a.txt") == b"a" * 100_000
        stream.seek(0)
        assert stream.read() == buffer.getvalue()


def test_records(store: Store) -> None:
    """A record comes back as written, is replaced by a newer one, and lives beside other kinds and keys."""
    key, other = Digest.of(b"key"), Digest.of(b"other")
    assert store.record("layer", key) is None
    store.put_record("layer", key, b"first")
    store.put_record("layer", key, b"second\nline\n")
    store.put_record("image", key, b"")
    assert store.record("layer", key) == b"second\nline\n"
    assert store.record("image", key) == b""
    assert store.record("layer", other) is None
    assert list(store.blobs()) == []


@pytest.mark.parametrize("kind", ["", "../blobs", "a/b", ".hidden", "Upper", "x" * 101, "a\n", "ä"])
def test_malformed_kind_of_record(store: Store, kind: str) -> None:
    """A kind that could leave the directory of records is refused."""
    for attempt in (lambda: store.record(kind, ABSENT), lambda: store.put_record(kind, ABSENT, b"")):
        with pytest.raises(UsageError) as caught:
            attempt()
        assert caught.value.findings[0].code == "TB3112"


def test_writing_after_commit(store: Store) -> None:
    """A writer that has finished its blob can't reach it any more."""
    with store.writer() as writer:
        writer.write(b"one")
        digest, _ = writer.commit()
        for attempt in (lambda: writer.write(b"two"), writer.commit):
            with pytest.raises(InternalError) as caught:
                attempt()
            assert caught.value.findings[0].code == "TB3115"
    assert store.read(digest) == b"one"


def test_two_writers_at_once(store: Store) -> None:
    """Writers don't disturb each other, and the same bytes from both are one blob."""
    with store.writer() as one, store.writer() as two:
        one.write(b"same")
        two.write(b"same")
        assert one.commit() == two.commit()
    assert list(store.blobs()) == [Digest.of(b"same")]


def test_keeping(store: Store, tmp_path: Path) -> None:
    """Blobs are kept under a well-formed name, again and again; TB3112 for any other name."""
    digest = store.put(b"kept")
    for _ in range(2):
        store.keep("lock-1", [digest], origin=tmp_path)
    assert store.read(digest) == b"kept"
    for attempt in (lambda: store.keep("../lock", [digest]), lambda: store.unkeep("../lock")):
        with pytest.raises(UsageError) as caught:
            attempt()
        assert caught.value.findings[0].code == "TB3112"


def test_what_is_kept(store: Store, tmp_path: Path) -> None:
    """Names by their beginning, sorted, until they are taken back; one that is not there may be."""
    for name in ("lock-1", "build-2", "build-1", "build.x"):
        store.keep(name, [store.put(b"kept")], origin=tmp_path)
    assert store.kept("build-") == ("build-1", "build-2")
    for _ in range(2):
        store.unkeep("build-1")
    assert store.kept("") == ("build-2", "build.x", "lock-1")
