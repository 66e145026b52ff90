"""``pipeline.archive.recording``: what is said of a release that is archived again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fakes.archived import tiny_record
from twinbuild.archive.directory import Archive
from twinbuild.model.archive import ArchivedFile
from twinbuild.model.digest import Digest
from twinbuild.pipeline.archive.recording import keep_record


def test_joined(tmp_path: Path) -> None:
    """New signatures come, none goes; the first account of the run stays, and when it was archived; a tool is kept."""

    def file(path: str, content: bytes) -> ArchivedFile:
        return ArchivedFile(path=path, sha256=Digest.of(content), size=len(content))

    plain = tiny_record()
    signed = replace(
        plain,
        added="2027-01-01T00:00:00Z",
        files=(*plain.files, file("run.json", b"2"), file("signatures/a", b"a")),
        tool=(Digest.of(b"tool"),),
    )
    more = replace(plain, files=(*plain.files, file("run.json", b"3"), file("signatures/a", b"aa")))
    with Archive(tmp_path / "a", writing=True) as archive:
        assert not keep_record(archive, plain)[2]
        assert keep_record(archive, plain)[2]
        assert not keep_record(archive, signed)[2]
        found, kept, known = keep_record(archive, more)
        assert not known
        assert archive.release(kept) == found
        assert keep_record(archive, plain)[0] == found
    assert found.added == plain.added
    assert found.tool == signed.tool
    files = {each.path: each.sha256 for each in found.files}
    assert files == {
        "manifest.json": plain.digest,
        "run.json": Digest.of(b"2"),
        "signatures/a": Digest.of(b"aa"),
    }
