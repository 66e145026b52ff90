"""``archive.directory``: where an archive may be, what stands in it, and what damage is called."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.archived import Archived, archived, archived_once, blob_of, tiny_record
from twinbuild.archive import directory
from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import releases
from twinbuild.errors import EnvironmentFault, IntegrityError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.archive.verifying import verify_archive
from twinbuild.store import layout
from twinbuild.store.disk import DiskStore

__all__ = ["archived", "archived_once"]


def test_where_none_is(tmp_path: Path) -> None:
    """Reading makes no archive, and adding makes none in a directory of other things or in the place of a file."""
    with pytest.raises(UsageError, match="TB9101"):
        Archive(tmp_path / "none")
    assert not (tmp_path / "none").exists()
    (tmp_path / "file").write_text("x")
    for place in (tmp_path, tmp_path / "file"):
        with pytest.raises(UsageError, match="TB9101"):
            Archive(place, writing=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_another_version(tmp_path: Path) -> None:
    """A store is no archive, nor is an archive of a later version: TB9102 says which version is there."""
    (tmp_path / "version").write_bytes(layout.VERSION_TEXT)
    with pytest.raises(EnvironmentFault, match=r"TB9102.*twinbuild store 1"):
        Archive(tmp_path)


def test_put_and_drop(tmp_path: Path) -> None:
    """A record is found by its digest until it is dropped; a pin goes with it."""
    record = tiny_record()
    with Archive(tmp_path / "a", writing=True) as archive, archive.updating():
        kept = archive.put(record)
        assert releases(archive) == (kept,)
        assert archive.release(kept) == record
        assert set(archive.blobs.roots.all()[f"release-{record.digest.hex}"]) == record.blobs | {kept.record}
        archive.pin(record.digest, "audit")
        assert archive.pinned(record.digest) == "audit"
        archive.drop(record.digest)
        assert (releases(archive), archive.pinned(record.digest), archive.blobs.roots.all()) == ((), None, {})
        archive.pin(record.digest, "again")
        archive.unpin(record.digest)
        assert archive.pinned(record.digest) is None


def test_killed_while_it_adds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever write comes last: the archive is whole without the release or with it, and a prune clears the rest."""
    record = tiny_record()
    for last in range(1, 6):
        place = tmp_path / str(last)
        with Archive(place, writing=True) as archive, monkeypatch.context() as patch:
            writes: list[object] = []
            for name in ("put", "keep", "put_record", "unkeep"):
                patch.setattr(archive.blobs, name, _killed(getattr(archive.blobs, name), writes, last))
            with archive.updating(), contextlib.suppress(KeyboardInterrupt):
                archive.put(record)
        with Archive(place, writing=True) as archive:
            there = [digest for digest in archive.names() if archive.kept(digest) is not None]
            assert there == [record.digest] * (last >= 3)  # the record, a root, the entry
            archive.take_out(())
            assert archive.names() == tuple(there)
            assert archive.blobs.kept("") == tuple(f"release-{each.hex}" for each in there)
            archive.put(record)
            assert archive.kept(record.digest) is not None


def _killed(write: Callable[..., object], writes: list[object], last: int) -> Callable[..., object]:
    def counted(*given: object) -> object:
        if len(writes) == last:
            raise KeyboardInterrupt
        writes.append(given)
        return write(*given)

    return counted


def test_looked_at_while_it_is_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release that is being named is not there yet, or there: never lost, also where its entry came a moment late."""
    record = tiny_record()
    with Archive(tmp_path / "a", writing=True) as archive, Archive(tmp_path / "a") as reader:
        put, seen = archive.blobs.put_record, reader._entry

        def looked_at(*given: object) -> None:
            assert reader.names() == ()
            put(*given)

        def late(digest: Digest) -> Digest | None:
            monkeypatch.setattr(reader, "_entry", seen)
            assert seen(digest) is None
            archive.put(record)
            return None

        monkeypatch.setattr(archive.blobs, "put_record", looked_at)
        monkeypatch.setattr(reader, "_entry", late)
        found = reader.kept(record.digest)
        assert found is not None
        assert (reader.names(), reader.kept(record.digest)) == ((record.digest,), found)


def test_damage(archived: Archived) -> None:
    """A damaged entry, and a record that is missing or another release's: TB9110 names the release."""
    record = archived.record
    with Archive(archived.place) as archive:
        (kept,) = releases(archive)
    blob_of(archived.place, kept.record).unlink()
    with Archive(archived.place) as archive, pytest.raises(IntegrityError, match=f"TB9110.*{record.digest.hex}"):
        archive.release(kept)
    entry = archived.place / layout.record_name("release", record.digest)
    entry.chmod(0o644)
    for content in (b"", layout.encode_record(b"nonsense"), entry.read_bytes()[:-1]):
        entry.write_bytes(content)
        with Archive(archived.place) as archive:
            with pytest.raises(IntegrityError, match="TB9110"):
                releases(archive)
            with pytest.raises(IntegrityError, match="TB9110"):
                archive.kept(record.digest)
            assert archive.names() == (record.digest,)
            assert archive.kept(Digest.of(b"another")) is None


def test_of_another_release(tmp_path: Path) -> None:
    """A record under the name of another release is refused."""
    one, other = tiny_record(), tiny_record(version="2")
    with Archive(tmp_path / "a", writing=True) as archive:
        kept = archive.put(one)
        archive.put(other)
        archive.blobs.put_record("release", other.digest, str(kept.record).encode())
        with pytest.raises(IntegrityError, match="TB9110"):
            [archive.release(each) for each in releases(archive)]


def test_read_only(archived: Archived) -> None:
    """An archive that cannot be written is read all the same, and nothing in it changes."""
    paths = [archived.place, *archived.place.rglob("*")]
    modes = {path: path.stat().st_mode for path in paths}
    for path in reversed(paths):
        path.chmod(modes[path] & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    try:
        with Archive(archived.place) as archive:
            assert archive.release(releases(archive)[0]).label == "tiny@1.0.0"
            if os.geteuid():
                with pytest.raises(EnvironmentFault, match="TB9102"):
                    Archive(archived.place, writing=True)
    finally:
        for path in paths:
            path.chmod(modes[path])


def test_a_copy_without_what_is_empty(archived: Archived, tmp_path: Path) -> None:
    """Copies may leave out empty files and directories, such as locks: it is read as it is, and writing makes them."""
    place = tmp_path / "copy"
    shutil.copytree(archived.place, place)
    empty = [path for path in place.rglob("*") if path.is_file() and not path.stat().st_size]
    assert {path.name for path in empty} >= {"lock", "gc.lock"}
    for path in empty:
        path.unlink()
    for path in sorted(place.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    with Archive(place) as archive:
        (kept,) = releases(archive)
        assert archive.release(kept) == archived.record
        assert verify_archive(archive).releases == 1
    assert not (place / "v1" / "lock").exists(), "reading writes nothing"
    with Archive(place, writing=True) as archive:
        archive.pin(kept.release, "why")
    assert {path.name for path in (place / "v1").iterdir()} >= {"lock", "gc.lock", "tmp"}


def test_nothing_goes_beside_what_cannot_be_read(tmp_path: Path) -> None:
    """Nobody knows what it needs: what was to go is there, too."""
    with Archive(tmp_path / "archive", writing=True) as archive:
        for version in ("1", "2"):
            archive.put(tiny_record(version=version))
        damaged = archive.kept(tiny_record(version="2").digest)
        assert damaged is not None
        blob_of(tmp_path / "archive", damaged.record).unlink()
        with pytest.raises(IntegrityError, match=f"TB9110.*{damaged.release.hex}"):
            archive.take_out([tiny_record(version="1").digest], wait=0)
        assert len(archive.names()) == 2


def test_a_full_disk(tmp_path: Path) -> None:
    """TB3107 speaks of the archive, and of no store, which nobody has to clean for it."""

    def full(operation: str, _name: str) -> None:
        if operation == "write":
            raise OSError(errno.ENOSPC, "full")

    Archive(tmp_path / "archive", writing=True).close()
    with (
        DiskStore(tmp_path / "archive", form=directory.FORM, before=full) as blobs,
        pytest.raises(EnvironmentFault, match=r"TB3107.*no space left for the archive") as caught,
    ):
        blobs.put(b"x")
    assert "store" not in caught.value.findings[0].hint
