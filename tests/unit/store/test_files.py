"""Changes on disk: their order, which is what makes them durable."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from twinbuild.store.disk import DiskStore
from twinbuild.store.files import Files


def _traced(root: Path, *, durable: bool) -> list[str]:
    """The changes that storing one new blob makes, in order."""
    steps: list[str] = []
    with DiskStore(
        root, durable=durable, before=lambda operation, name: steps.append(f"{operation} {name}".strip())
    ) as store:
        steps.clear()
        digest = store.put(b"x")
    blob = f"v1/blobs/sha256/{digest.hex[:2]}"
    named = [
        step.replace(digest.hex[2:], "REST").replace(blob, "SHARD") if "/tmp/" not in step else step.split()[0]
        for step in steps
    ]
    return named[: named.index("create", 1)]  # what follows is the note that it was hashed


def test_order_of_a_blob(tmp_path: Path) -> None:
    """Data to the disk, read-only, then the name, then the directory; a new one is synced into its parent."""
    shard = ["mkdir v1", "mkdir v1/blobs", "mkdir v1/blobs/sha256", "mkdir SHARD", "fsync v1/blobs/sha256"]
    rename = ["rename SHARD/REST", *shard, "rename SHARD/REST", "fsync SHARD"]
    assert _traced(tmp_path / "durable", durable=True) == ["create", "write", "fsync", "chmod", *rename]


def test_scratch_store_does_not_sync(tmp_path: Path) -> None:
    """Without durability the order is the same, less the waiting."""
    steps = _traced(tmp_path / "scratch", durable=False)
    assert [step.split()[0] for step in steps] == [
        "create", "write", "chmod", "rename", "mkdir", "mkdir", "mkdir", "mkdir", "rename",
    ]  # fmt: skip


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that takes only a part is followed by one for the rest."""
    (tmp_path / "v1/tmp").mkdir(parents=True)
    root = os.open(tmp_path, os.O_RDONLY)
    files = Files(root)
    descriptor, name = files.create()
    real = os.write
    monkeypatch.setattr("twinbuild.store.files.os.write", lambda target, rest: real(target, rest[:3]))
    files.write(descriptor, b"0123456789")
    monkeypatch.undo()
    os.close(descriptor)
    os.close(root)
    assert (tmp_path / name).read_bytes() == b"0123456789"
