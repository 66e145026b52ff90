"""``pipeline.archive.verifying``: each blob that is missing or damaged is named, with what it blocks."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from fakes.archived import Archived, archived, archived_once
from fakes.tool import Tool, tool
from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import releases
from twinbuild.errors import IntegrityError
from twinbuild.model.archive import AS_RELEASED, REBUILD
from twinbuild.model.digest import Digest
from twinbuild.pipeline.archive.verifying import verify_archive

__all__ = ["archived", "archived_once", "tool"]


def test_whole(archived: Archived) -> None:
    """A whole archive; a blob that no release needs is counted."""
    with Archive(archived.place, writing=True) as archive:
        archive.blobs.put(b"nobody's")
        found = verify_archive(archive)
        assert (found.releases, found.unneeded) == (1, 1)
        assert found.blobs == len(archived.record.blobs) + 1
        assert verify_archive(archive, releases(archive)).unneeded == 0


def test_each_kind_of_blob(archived: Archived) -> None:
    """One of every kind is taken away or changed, and is named with what it blocks; put back, all is well."""
    record = archived.record
    kinds: dict[str, tuple[Digest, str]] = {}
    for digest, _, what, blocked in record.needs():
        kinds.setdefault(what.split(" ")[0] if blocked == REBUILD else what, (digest, blocked))
    assert {"deb", "wheel", "project", "manifest.json", "sbom.cdx.json", "release.lock"} <= kinds.keys()
    for kind, (digest, blocked) in kinds.items():
        blob = archived.blob(digest)
        content = blob.read_bytes()
        for code, broken in (("TB9113", None), ("TB9114", b"X" + content[1:]), ("TB9114", content + b"X")):
            blob.unlink()
            if broken is not None:
                blob.write_bytes(broken)
            with Archive(archived.place) as archive, pytest.raises(IntegrityError) as caught:
                verify_archive(archive)
            said = [each for each in caught.value.findings if each.where.subject == str(digest)]
            assert {each.code for each in said} == {code}, kind
            assert any(kind in each.message and each.message.endswith(f"blocks {blocked}") for each in said), said
            blob.unlink(missing_ok=True)
            blob.write_bytes(content)
    with Archive(archived.place) as archive:
        assert verify_archive(archive).releases == 1


def test_the_record_of_something_else(archived: Archived) -> None:
    """A record that bears a release digest and lists other files, or another name, is not believed."""
    record = archived.record
    lost = replace(record, files=tuple(file for file in record.files if file.path != "release.lock"))
    for forged in (
        lost,
        replace(record, files=tuple(file for file in record.files if file.path != "manifest.json")),
        replace(record, name="other"),
        replace(record, files=tuple(file for file in record.files if not file.path.startswith("image/blobs"))),
    ):
        with Archive(archived.place, writing=True) as archive:
            archive.put(forged)
            with pytest.raises(IntegrityError, match=f"TB9115.*{AS_RELEASED}"):
                verify_archive(archive)


def test_an_entry_that_is_damaged(archived: Archived) -> None:
    """It is one finding among all."""
    record = archived.record
    with Archive(archived.place, writing=True) as archive:
        archive.blobs.put_record("release", record.digest, b"nonsense")
        archive.put(replace(record, digest=Digest.of(b"other")))
        with pytest.raises(IntegrityError) as caught:
            verify_archive(archive)
    assert [each.code for each in caught.value.findings] == ["TB9110", "TB9115"]


@pytest.mark.parametrize("left", ["roots", "pin"])
def test_half_a_copy(archived: Archived, tool: Tool, left: str) -> None:
    """Entries are lost: whether the list of blobs or a pin tells of it, nobody calls the archive whole, or empty."""
    digest = archived.record.digest
    with Archive(archived.place, writing=True) as archive:
        archive.pin(digest, "why")
    shutil.rmtree(archived.place / "v1" / "records" / "release")
    shutil.rmtree(archived.place / "v1" / ("records/pin" if left == "roots" else "roots"))
    for words in (("archive", "verify"), ("archive", "list"), ("archive", "show", digest.hex[:12])):
        ended = tool(*words, "--archive", str(archived.place))
        assert (ended.status, ended.err.count("error[TB9110]"), digest.hex in ended.err) == (5, 1, True), ended.err
    assert tool("archive", "unpin", "tiny", "--archive", str(archived.place)).status == 5
    assert tool("archive", "unpin", str(digest), "--archive", str(archived.place)).status == 0
    assert tool("archive", "verify", "--archive", str(archived.place)).status == (5 if left == "roots" else 0)
