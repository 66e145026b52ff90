"""``pipeline.archive.moving``: out as one file and in again; whatever else comes in is refused."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakes.archived import Archived, archived, archived_once, blob_of
from fakes.tool import Tool, tool
from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import releases, summaries
from twinbuild.codec.canonical import canonical
from twinbuild.errors import IntegrityError, TwinbuildError
from twinbuild.pipeline.archive.moving import export_releases, import_releases
from twinbuild.pipeline.archive.verifying import verify_archive

__all__ = ["archived", "archived_once", "tool"]


def _export(archived: Archived, file: Path) -> Path:
    with Archive(archived.place) as archive:
        export_releases(archive, summaries(archive), file)
    return file


def test_there_and_back(archived_once: Archived, tmp_path: Path) -> None:
    """The same releases give the same bytes, and what comes in is the same archive."""
    one, two = _export(archived_once, tmp_path / "one.tar"), _export(archived_once, tmp_path / "two.tar")
    assert one.read_bytes() == two.read_bytes()
    for turn in range(2):
        with Archive(tmp_path / "in", writing=True) as archive:
            found = import_releases(archive, one)
            assert (found.known, found.brought > 0) == (turn, not turn)
            assert verify_archive(archive).releases == 1
            assert archive.release(releases(archive)[0]) == archived_once.record
    with Archive(tmp_path / "in") as archive:
        export_releases(archive, summaries(archive), tmp_path / "three.tar")
    assert (tmp_path / "three.tar").read_bytes() == one.read_bytes()


def test_a_damaged_archive_is_not_exported(archived: Archived, tool: Tool, tmp_path: Path) -> None:
    """A blob of other bytes, or none: it is named with what it blocks, and no file is left."""
    what = archived.record.inputs[0].name
    blob = archived.blob(archived.record.inputs[0].sha256)
    content = blob.read_bytes()
    blob.unlink()
    for code in ("TB9113", "TB9114"):
        ended = tool("archive", "export", str(tmp_path / "out.tar"), "--archive", str(archived.place))
        assert (ended.status, f"error[{code}]: deb {what} of tiny@1.0.0 is " in ended.err) == (5, True), ended.err
        assert not list(tmp_path.glob("*.tar*"))
        blob.write_bytes(b"X" + content[1:])
    assert tool("archive", "export", "out.zip", "--archive", str(archived.place)).status == 2


Members = dict[str, bytes]


def _index(members: Members) -> dict[str, Any]:
    index: dict[str, Any] = json.loads(members["index.json"])
    return index


def _with_index(change: Callable[[dict[str, Any]], object]) -> Callable[[Members], object]:
    def apply(members: Members) -> None:
        index = _index(members)
        change(index)
        members["index.json"] = canonical(index)

    return apply


def _swapped(members: Members) -> None:
    first, second = sorted(name for name in members if name.startswith("blobs/"))[:2]
    members[first], members[second] = members[second], members[first]


def _without_a_blob(members: Members) -> None:
    listed = _index(members)["manifests"][0]["digest"][7:]
    layers = json.loads(members[f"blobs/sha256/{listed}"])["layers"]
    del members[f"blobs/sha256/{layers[0]['digest'][7:]}"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda members: members.pop("oci-layout"), "TB9143"),
        (lambda members: members.pop("index.json"), "TB9143"),
        (lambda members: members.update({"index.json": b"{"}), "TB9143"),
        (lambda members: members.update({"index.json": b"[]"}), "TB9143"),
        (_with_index(lambda index: index.update(manifests=[])), "TB9143"),
        (_with_index(lambda index: index.update(manifests=["x"])), "TB9143"),
        (_with_index(lambda index: index["manifests"].append(index["manifests"][0])), "TB9143"),
        (_with_index(lambda index: index["manifests"][0].update(digest="sha256:x")), "TB9143"),
        (_with_index(lambda index: index["manifests"][0].update(digest=f"sha256:{'0' * 64}")), "TB9143"),
        (_with_index(lambda index: index["manifests"][0].update(artifactType="other")), "TB9143"),
        (lambda members: members.update({"blobs/evil": b""}), "TB9143"),
        (lambda members: members.update({"v1/records/release/aa/bb": b""}), "TB9143"),
        (lambda members: members.update({"../evil": b""}), "TB4403"),
        (lambda members: members.update({"/evil": b""}), "TB4403"),
        (_swapped, "TB3101"),
        (_without_a_blob, "TB9113"),
    ],
)
def test_hostile(archived_once: Archived, tmp_path: Path, change: Callable[[Members], object], code: str) -> None:
    """Each of these is refused by name, and no release is named in the archive."""
    members: Members = {}
    with tarfile.open(_export(archived_once, tmp_path / "good.tar")) as good:
        for member in good:
            if member.isfile():
                stream = good.extractfile(member)
                assert stream is not None
                members[member.name] = stream.read()
    change(members)
    with tarfile.open(tmp_path / "bad.tar", "w") as bad:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            bad.addfile(entry, io.BytesIO(content))
    with Archive(tmp_path / "in", writing=True) as archive:
        with pytest.raises(TwinbuildError, match=code):
            import_releases(archive, tmp_path / "bad.tar")
        assert archive.names() == ()
    assert not (tmp_path / "evil").exists()


def test_twice(archived_once: Archived, tmp_path: Path) -> None:
    """A second index.json would say to others what the first one says to us, or the other way round."""
    with tarfile.open(_export(archived_once, tmp_path / "bad.tar"), "a") as bad:
        entry = tarfile.TarInfo("index.json")
        entry.size = 2
        bad.addfile(entry, io.BytesIO(b"{}"))
    with Archive(tmp_path / "in", writing=True) as archive:
        with pytest.raises(IntegrityError, match="TB4403"):
            import_releases(archive, tmp_path / "bad.tar")
        assert archive.names() == ()


def test_no_file(tmp_path: Path) -> None:
    """A directory, text and half an export are none."""
    (tmp_path / "text").write_text("x" * 2000)
    with Archive(tmp_path / "in", writing=True) as archive:
        for name in (".", "text", "nothing"):
            with pytest.raises(IntegrityError):
                import_releases(archive, tmp_path / name)


def test_a_record_of_something_else(archived: Archived, tmp_path: Path) -> None:
    """A release whose record lists a file that the release has not is refused, though every digest is right."""
    from dataclasses import replace

    record = archived.record
    extra = replace(record.project[0], path="deploy/evil.yaml")
    with Archive(archived.place, writing=True) as archive:
        archive.put(replace(record, files=tuple(sorted((*record.files, extra), key=lambda file: file.path))))
    with Archive(tmp_path / "in", writing=True) as archive:
        with pytest.raises(IntegrityError, match=r"TB9115.*deploy/evil\.yaml"):
            import_releases(archive, _export(archived, tmp_path / "bad.tar"))
        assert archive.names() == ()
    assert blob_of(tmp_path / "in", record.digest).exists()  # until the archive is pruned
