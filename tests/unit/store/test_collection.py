"""Deleting what no root names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from twinbuild.errors import EnvironmentFault, IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.store.collection import delete, plan
from twinbuild.store.disk import DiskStore
from twinbuild.store.layout import blob_name


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A store with ``kept`` under a root and ``loose`` under none, used by no process."""
    with DiskStore(tmp_path / "store", durable=False) as store:
        store.roots.put("release", [store.put(b"kept")])
        store.put(b"loose")
    return tmp_path / "store"


@pytest.fixture
def store(root: Path) -> Iterator[DiskStore]:
    """The store, opened by the process that deletes."""
    with DiskStore(root, durable=False) as opened:
        yield opened


KEPT, LOOSE = Digest.of(b"kept"), Digest.of(b"loose")


def test_a_plan_changes_nothing(store: DiskStore) -> None:
    """A plan names what would go, and leaves it there."""
    planned = plan(store)
    assert (planned.blobs, planned.size) == ((LOOSE,), 5)
    assert list(store.blobs()) == sorted([KEPT, LOOSE])


def test_delete(store: DiskStore) -> None:
    """What no root names goes; what one names stays."""
    collected = delete(store, plan(store))
    assert (collected.blobs, collected.size) == (1, 5)
    assert list(store.blobs()) == [KEPT]


def test_grace(store: DiskStore) -> None:
    """What is younger than the grace time is not in a plan."""
    assert plan(store, grace=3600).blobs == ()


def test_what_this_process_used_stays(store: DiskStore) -> None:
    """A blob that this process asked for or stored isn't deleted by it, whatever was planned."""
    planned = plan(store)
    assert store.read(LOOSE) == b"loose"
    assert delete(store, planned).blobs == 0
    assert store.has(LOOSE)


def test_root_made_after_the_plan(root: Path, store: DiskStore) -> None:
    """What a root names by the time of the deed stays, even if it was planned to go."""
    planned = plan(store)
    with DiskStore(root, durable=False) as other:
        other.roots.put("later", [LOOSE])
    assert delete(store, planned).blobs == 0


def test_deed_waits_for_other_processes(root: Path, store: DiskStore) -> None:
    """While another uses the store nothing is deleted; the error says so, and the store works on."""
    with DiskStore(root, durable=False):
        with pytest.raises(EnvironmentFault) as caught:
            delete(store, plan(store), wait=0.1)
        assert caught.value.findings[0].code == "TB3111"
    assert list(store.blobs()) == sorted([KEPT, LOOSE])
    assert delete(store, plan(store)).blobs == 1


def test_removed_root(store: DiskStore) -> None:
    """When its root goes, a blob may go; removing a root that is gone is fine."""
    store.roots.remove("release")
    store.roots.remove("release")
    assert plan(store).blobs == tuple(sorted([KEPT, LOOSE]))


def test_records_that_name_what_goes(store: DiskStore) -> None:
    """A record under a digest that goes, one that names it and a damaged one go too; others stay."""
    other = Digest.of(b"another key")
    store.put_record("layer", other, b'{"digest":"' + str(LOOSE).encode() + b'"}')
    store.put_record("image", other, str(KEPT).encode())
    store.put_record("image", LOOSE, b"anything")
    delete(store, plan(store))
    assert store.record("layer", other) is None
    assert store.record("image", LOOSE) is None
    assert store.record("image", other) == str(KEPT).encode()


@pytest.mark.parametrize("damage", ["flipped", "directory", "link", "empty"])
def test_damaged_root(store: DiskStore, damage: str) -> None:
    """A root that can't be trusted is named, and nothing is planned or deleted."""
    planned = plan(store)
    path = store.area.path / "v1/roots/release"
    content = path.read_bytes()
    path.unlink()
    match damage:
        case "flipped":
            path.write_bytes(content.replace(b"sha256:", b"sha256;", 1))
        case "directory":
            path.mkdir()
        case "link":
            path.symlink_to("/dev/null")
        case _:
            path.write_bytes(b"")
    for attempt in (lambda: plan(store), lambda: delete(store, planned)):
        with pytest.raises(IntegrityError, match="release") as caught:
            attempt()
        assert caught.value.findings[0].code == "TB3113"
    assert list(store.blobs()) == sorted([KEPT, LOOSE])


def test_root_that_names_absent_blobs(store: DiskStore) -> None:
    """A root may name what isn't there; it keeps the rest."""
    store.roots.put("release", [KEPT, Digest.of(b"absent")])
    assert plan(store).blobs == (LOOSE,)


def test_temporary_files_of_the_living_and_the_dead(store: DiskStore) -> None:
    """A file that nobody writes any more goes; one that this process is writing stays."""
    abandoned = store.area.path / "v1/tmp/99999-dead"
    abandoned.write_bytes(b"half")
    with store.writer() as writer:
        writer.write(b"x" * 300_000)
        assert delete(store, plan(store)).abandoned == 1
        assert not abandoned.exists()
        assert store.read(writer.commit()[0]) == b"x" * 300_000


def test_temporary_files_of_the_dead_go_at_the_next_start(root: Path) -> None:
    """Who opens a store that nobody else uses takes away what killed processes left; not while others use it."""
    abandoned = root / "v1/tmp/99999-dead"
    with DiskStore(root, durable=False):
        abandoned.write_bytes(b"half")
        DiskStore(root, durable=False).close()
        assert abandoned.exists()
    DiskStore(root, durable=False).close()
    assert not abandoned.exists()


def test_roots_by_name(store: DiskStore) -> None:
    """Roots come back sorted by name with sorted digests, each digest once; a new one replaces an old."""
    store.roots.put("b", [LOOSE, KEPT, KEPT])
    store.roots.put("a", [KEPT])
    store.roots.put("a", [])
    assert list(store.roots.all().items()) == [("a", ()), ("b", tuple(sorted([KEPT, LOOSE]))), ("release", (KEPT,))]


def test_foreign_file_among_blobs_stays(store: DiskStore) -> None:
    """Deleting touches nothing that isn't a blob."""
    foreign = (store.area.path / blob_name(LOOSE)).parent / "foo~"
    foreign.write_bytes(b"")
    delete(store, plan(store))
    assert foreign.exists()
