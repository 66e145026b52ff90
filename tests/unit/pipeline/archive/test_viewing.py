"""``pipeline.archive.viewing``: files of an archived release, held against its manifest before anybody sees them."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.archived import Archived, archived, archived_once
from twinbuild.archive.directory import FORM, Archive
from twinbuild.errors import IntegrityError, UsageError
from twinbuild.model.archive import AS_RELEASED, ArchivedFile
from twinbuild.model.digest import Digest
from twinbuild.pipeline.archive.viewing import no_layers, release_file, require_nothing_lost, restore_release, viewed
from twinbuild.store import layout
from twinbuild.store.area import stamp
from twinbuild.store.disk import DiskStore

__all__ = ["archived", "archived_once"]


def test_the_directory(archived: Archived, tmp_path: Path) -> None:
    """All of it, or what is wanted; it goes again."""
    with Archive(archived.place) as archive:
        with viewed(archive, archived.record, tmp_path / "s", wanted=lambda _: True) as place:
            for file in archived.record.files:
                assert (place / file.path).read_bytes() == (archived.dist / file.path).read_bytes()
        assert not place.exists()
        with viewed(archive, archived.record, tmp_path / "s", wanted=lambda file: file.path == "README.md") as place:
            assert [path.name for path in place.rglob("*")] == ["README.md"]
    big = replace(archived.record.files[0], path="image/blobs/sha256/x", size=2 << 20)
    assert [no_layers(each) for each in (big, replace(big, size=9), replace(big, path="x"))] == [False, True, True]


def test_it_comes_back(archived: Archived, tmp_path: Path) -> None:
    """The directory is as it was; nothing of others is written over, and of a release that lacks a file nothing is."""
    output = tmp_path / "new" / "release"
    record = archived.record
    with Archive(archived.place) as archive:
        for _ in range(2):
            restore_release(archive, record, output)
            names = {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}
            assert names == {file.path for file in record.files}
            assert all((output / name).read_bytes() == (archived.dist / name).read_bytes() for name in names)
        since = output / "approvals" / f"production.{'0' * 64}.json"
        since.parent.mkdir(exist_ok=True)
        since.write_text("{}")
        with pytest.raises(UsageError, match=r"TB8020.*approvals/production.*would be lost"):
            restore_release(archive, record, output)
        assert since.exists()
        file = ArchivedFile(path=since.relative_to(output).as_posix(), sha256=Digest.of(b"{}"), size=2)
        kept, blob = replace(record, files=(*record.files, file)), archived.blob(file.sha256)
        blob.parent.mkdir(exist_ok=True)
        for content in (None, b"X}", b"{}"):  # in the archive: lost, damaged, there
            if content is not None:
                blob.write_bytes(content)
            with nullcontext() if content == b"{}" else pytest.raises(UsageError, match="TB8020"):
                require_nothing_lost(archive, kept, output)
        foreign = tmp_path / "foreign"
        foreign.mkdir()
        (foreign / "mine").write_text("x")
        with pytest.raises(UsageError, match="TB8020"):
            restore_release(archive, record, foreign)
        archived.blob(record.files[0].sha256).unlink()
        with pytest.raises(IntegrityError, match="TB9113"):
            restore_release(archive, record, tmp_path / "none")
    archived.blob(record.digest).unlink()
    archived.blob(record.digest).write_bytes(b"{}")
    with (
        Archive(archived.place) as archive,
        pytest.raises(IntegrityError, match=f"TB9114.*manifest.json of tiny@1.0.0 is damaged.*blocks {AS_RELEASED}"),
        viewed(archive, record, tmp_path / "s", wanted=lambda file: file.path == "README.md"),
    ):
        pass
    assert not (tmp_path / "none").exists()


def test_another_record(archived: Archived, tmp_path: Path) -> None:
    """A record that lists another file under a name that the manifest covers is refused; a missing file is named."""
    record = archived.record
    (bill,) = (file for file in record.files if file.path == "sbom.cdx.json")
    with Archive(archived.place, writing=True) as archive:
        other = replace(bill, sha256=archive.blobs.put(b"{}"), size=2)
        false = replace(record, files=tuple(other if file is bill else file for file in record.files))
        with pytest.raises(IntegrityError, match="TB9115"):
            release_file(archive, false, bill.path, limit=100)
        with pytest.raises(IntegrityError, match="TB9115"), viewed(archive, false, tmp_path):
            pass
        with pytest.raises(IntegrityError, match="TB9115"):
            release_file(archive, record, "nothing", limit=100)
        archived.blob(bill.sha256).unlink()
        with pytest.raises(IntegrityError, match="TB9113"):
            release_file(archive, record, bill.path, limit=1 << 20)


def test_a_memory_of_what_was_hashed(archived: Archived, tmp_path: Path) -> None:
    """Whoever gives an archive away gives its memory away, too: what it says of a blob is not believed.

    The right owner's, who hashed the very file, would be the same.
    """
    (bill,) = (file for file in archived.record.files if file.path == "sbom.cdx.json")
    blob = archived.blob(bill.sha256)
    content = blob.read_bytes()
    blob.unlink()
    blob.write_bytes(b"X" + content[1:])
    found = stamp(blob.stat())
    with DiskStore(archived.place, form=FORM) as forger:
        forger.put_record(layout.VERIFIED, bill.sha256, " ".join(map(str, found)).encode())
    for writing in (False, True):  # one's own is changed by somebody else
        with (
            Archive(archived.place, writing=writing) as archive,
            pytest.raises(IntegrityError, match=r"TB9114.*sbom\.cdx\.json of tiny@1\.0\.0 is damaged"),
        ):
            viewed(archive, archived.record, tmp_path / "s").__enter__()
    with Archive(archived.place) as archive, pytest.raises(IntegrityError, match="TB3103") as caught:
        archive.blobs.check(bill.sha256)
    assert "archive" in caught.value.findings[0].hint, "and no store, which has nothing to do with it"
