"""``archive.remote``: blobs of a registry that are fetched when they are read, and no more of them than is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fakes.kept import SHARED, made, registered
from fakes.registry import FakeRegistry
from twinbuild.errors import IntegrityError, LockError
from twinbuild.model.digest import Digest
from twinbuild.store.disk import DiskStore
from twinbuild.store.memory import MemoryStore


def test_fetched_once() -> None:
    """What was read lies in the store; every way to read gives the same bytes."""
    store, digest = MemoryStore(), Digest.of(SHARED)
    with FakeRegistry() as registry:
        _, kept, _ = made().keep(registered(registry.authority))
        blobs = (archive := registered(registry.authority, store=store)).blobs
        archive.release(kept)
        assert not store.has(digest)
        assert blobs.has(digest)
        assert blobs.size(digest) == len(SHARED)
        assert blobs.read(digest) == SHARED
        registry.requests.clear()
        blobs.check(digest)
        with blobs.open(digest) as stream:
            assert stream.read() == SHARED
        assert blobs.path(digest).read_bytes() == SHARED
        assert registry.requests == []


def test_a_damaged_copy_is_fetched_again(tmp_path: Path) -> None:
    """Of a record and of any other blob: the registry has them, and nothing there is said to be lost."""
    with FakeRegistry() as registry, DiskStore(tmp_path / "store") as store:
        _, kept, _ = made().keep(registered(registry.authority))
        for digest in (kept.record, Digest.of(SHARED)):
            archive = registered(registry.authority, store=store)
            archive.release(kept)
            content = archive.blobs.read(digest)
            path = store.path(digest)
            path.chmod(0o644)
            path.write_bytes(b"x" * len(content))
            archive = registered(registry.authority, store=store)
            assert archive.release(kept).digest == kept.release
            assert archive.blobs.read(digest) == content
            assert path.read_bytes() == content


def test_sizes_that_another_record_says() -> None:
    """A record that lies about the size of a shared blob keeps nobody from reading it by another's."""
    with FakeRegistry() as registry:
        _, kept, _ = made().keep(registered(registry.authority))
        archive = registered(registry.authority)
        liar = made("2.0.0").record
        for size in (1, 1 << 40):
            archive.blobs.know(replace(liar, inputs=tuple(replace(each, size=size) for each in liar.inputs)))
            archive.release(kept)
            assert archive.blobs.size(Digest.of(SHARED)) == len(SHARED)
        assert archive.blobs.read(Digest.of(SHARED)) == SHARED


def test_limits() -> None:
    """A document above the limit is not fetched, nor is a blob that no record names; a lost one is TB9113."""
    with FakeRegistry() as registry:
        _, kept, _ = made().keep(registered(registry.authority))
        stray = registry.put_blob("team/releases", b"stray")
        archive = registered(registry.authority)
        archive.release(kept)
        registry.requests.clear()
        with pytest.raises(IntegrityError, match="TB3103"):
            archive.blobs.read(Digest.of(SHARED), limit=3)
        with pytest.raises(LockError, match="TB3102"):
            archive.blobs.open(Digest.parse(stray))
        assert registry.requests == []
        registry.held["team/releases"].remove(str(Digest.of(SHARED)))
        with pytest.raises(IntegrityError, match="TB9113"):
            archive.blobs.read(Digest.of(SHARED))
        assert archive.missing([Digest.of(SHARED), Digest.of(b"spec")]) == {Digest.of(SHARED)}
