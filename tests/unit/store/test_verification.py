"""Looking at every blob, and repairing."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from twinbuild.errors import EnvironmentFault
from twinbuild.model.digest import Digest
from twinbuild.store.disk import DiskStore
from twinbuild.store.layout import blob_name
from twinbuild.store.verification import verify


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DiskStore]:
    """A store with 200 blobs."""
    with DiskStore(tmp_path / "store", durable=False) as made:
        for number in range(200):
            made.put(b"%d " % number * (number + 1))
        yield made


def place(store: DiskStore, digest: Digest) -> Path:
    """Where a blob lies."""
    return store.area.path / blob_name(digest)


def test_sound_store(store: DiskStore) -> None:
    """A sound store has no findings, and its blobs and bytes are counted; pip's environments beside it are ours."""
    (store.area.path / "resolvers").mkdir()
    verified = verify(store)
    assert (verified.blobs, verified.findings, verified.foreign) == (200, (), ())
    assert verified.size == sum(len(b"%d " % number * (number + 1)) for number in range(200))


def test_one_bit_in_each_of_200_blobs(store: DiskStore) -> None:
    """One bit flipped in every blob, with size and times as before: every blob is named, none twice."""
    digests = list(store.blobs())
    for position, digest in enumerate(digests):
        store.check(digest)
        path = place(store, digest)
        before, content = path.stat(), bytearray(path.read_bytes())
        content[position % len(content)] ^= 1 << position % 8
        path.chmod(0o644)
        path.write_bytes(content)
        path.chmod(0o444)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    findings = verify(store).findings
    assert [finding.code for finding in findings] == ["TB3103"] * 200
    assert [finding.where.subject for finding in findings] == [str(digest) for digest in digests]


def test_repair_moves_damage_to_quarantine(store: DiskStore) -> None:
    """Damaged blobs are moved aside, sound ones stay, and storing again brings back what was damaged."""
    digests = list(store.blobs())
    contents = {digest: store.read(digest) for digest in digests}
    place(store, digests[0]).chmod(0o644)
    place(store, digests[0]).write_bytes(b"damaged")
    place(store, digests[1]).unlink()
    place(store, digests[1]).symlink_to("/etc/passwd")
    place(store, digests[2]).unlink()
    place(store, digests[2]).mkdir()
    repaired = verify(store, repair=True)
    assert [finding.code for finding in repaired.findings] == ["TB3103", "TB3104", "TB3104"]
    assert len(repaired.quarantined) == 3
    assert (store.area.path / repaired.quarantined[0]).read_bytes() == b"damaged"
    assert verify(store).findings == ()
    assert list(store.blobs()) == digests[3:]
    for digest in digests[:3]:
        assert store.put(contents[digest]) == digest
    assert verify(store).blobs == 200


def test_quarantine_keeps_all(store: DiskStore) -> None:
    """A second damaged file of one name doesn't overwrite the first in quarantine."""
    content = store.read(digest := next(store.blobs()))
    for bad in (b"one", b"two"):
        place(store, digest).unlink()
        place(store, digest).write_bytes(bad)
        verify(store, repair=True)
        store.put(content)
    found = sorted(path.read_bytes() for path in (store.area.path / "v1/quarantine").iterdir())
    assert found == [b"one", b"two"]


def test_writable_and_unreadable_modes(store: DiskStore) -> None:
    """Modes other than 0444 that let write or don't let read are named, and set right by repair."""
    digests = list(store.blobs())
    place(store, digests[3]).chmod(0o644)
    place(store, digests[4]).chmod(0)
    codes = {finding.code for finding in verify(store).findings}
    assert codes <= {"TB3105", "TB3106"}  # root reads a file of mode 0, others don't
    repaired = verify(store, repair=True)
    assert repaired.quarantined == ()
    assert [stat.S_IMODE(place(store, digest).stat().st_mode) for digest in digests[3:5]] == [0o444, 0o444]
    assert verify(store).findings == ()


def test_missing_blob_that_a_root_names(store: DiskStore) -> None:
    """A deleted blob is named if a root says that it should be there."""
    digests = list(store.blobs())
    store.roots.put("release", digests[:2])
    place(store, digests[1]).unlink()
    (finding,) = verify(store).findings
    assert (finding.code, finding.where.subject) == ("TB3102", str(digests[1]))


def test_damaged_root_is_a_finding(store: DiskStore) -> None:
    """A damaged root doesn't stop the verification of the blobs."""
    store.roots.put("release", [])
    (store.area.path / "v1/roots/release").unlink()
    (store.area.path / "v1/roots/release").write_bytes(b"junk")
    verified = verify(store)
    assert [finding.code for finding in verified.findings] == ["TB3113"]
    assert verified.blobs == 200


def test_foreign_files_are_listed(store: DiskStore) -> None:
    """Files that aren't of the store are listed, and are no findings."""
    root = store.area.path
    for name in ("foo~", "v1/.nfs000", "v1/blobs/sha256/zz", "v1/blobs/sha256/00~"):
        (root / name).write_bytes(b"")
    shard = place(store, next(store.blobs())).parent
    (shard / "x").write_bytes(b"")
    verified = verify(store)
    assert verified.findings == ()
    assert set(verified.foreign) == {
        "foo~", "v1/.nfs000", "v1/blobs/sha256/zz", "v1/blobs/sha256/00~", f"v1/blobs/sha256/{shard.name}/x",
    }  # fmt: skip


def test_repair_waits_for_others(store: DiskStore) -> None:
    """Nothing is moved while another process uses the store."""
    with DiskStore(store.area.path, durable=False):
        with pytest.raises(EnvironmentFault) as caught:
            verify(store, repair=True, wait=0.1)
        assert caught.value.findings[0].code == "TB3111"
        assert verify(store).blobs == 200  # looking is possible


def test_progress(store: DiskStore) -> None:
    """Whoever watches hears of every blob."""
    heard: list[int] = []
    verify(store, progress=lambda activity, done, total: heard.append(done))
    assert heard == list(range(1, 201))
