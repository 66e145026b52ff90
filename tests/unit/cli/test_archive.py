"""``twinbuild archive``: what it says, for people and as JSON. What it does is in ``unit/pipeline/archive``."""

from __future__ import annotations

import json
from pathlib import Path

from fakes.archived import Archived, archived, archived_once
from fakes.tool import Tool, tool
from twinbuild.archive.directory import Archive
from twinbuild.model.digest import Digest

__all__ = ["archived", "archived_once", "tool"]


def test_what_is_said(archived: Archived, tool: Tool) -> None:
    """Lists, shows and verifies; the place may come from the environment."""
    at = ("--archive", str(archived.place))
    digest = str(archived.record.digest)
    ended = tool("archive", "list", *at)
    assert ended.status == 0
    assert ended.out.startswith("tiny@1.0.0")
    assert digest[:19] in ended.out
    assert [each["release"] for each in json.loads(tool("archive", "list", *at, "--json").out)] == [digest]
    ended = tool("archive", "show", digest[7:15], *at, "--files")
    assert "inputs   3 deb, 2 wheel" in ended.out
    assert "project file app/main.py" in ended.out
    assert json.loads(tool("archive", "show", "tiny@1.0.0", *at, "--json").out)["digest"] == digest
    ended = tool("archive", "verify", "tiny", *at, "-q")
    assert ended.out.startswith("whole    1 release:"), ended.err
    assert json.loads(tool("archive", "verify", *at, "--json").out)["unneeded"] == 0


def test_no_archive(tool: Tool, tmp_path: Path) -> None:
    """Each verb that reads says so, and makes none."""
    for words in (("list",), ("show", "x"), ("verify",)):
        ended = tool("archive", *words, "--archive", str(tmp_path / "none"))
        assert (ended.status, "error[TB9101]" in ended.err) == (2, True), ended.err
    assert not (tmp_path / "none").exists()


def test_a_release_that_cannot_be_read(tool: Tool, archived: Archived) -> None:
    """The other is listed, found and shown, and that one is named; nothing is pruned."""
    with Archive(archived.place, writing=True) as archive:
        later = archive.blobs.put(b'{"apiVersion":"twinbuild/archived/v999","kind":"ArchivedRelease"}')
        archive.blobs.put_record("release", Digest("1" * 64), str(later).encode())
        archive.blobs.put_record("release", Digest("2" * 64), b"nonsense")
    where = ("--archive", str(archived.place))
    for words, code in ((("list",), 5), (("find", "alpha==1"), 5), (("show", "tiny@1.0.0"), 0)):
        ended = tool("archive", *words, *where)
        assert (ended.status, "tiny" in ended.out) == (code, True), ended.err
        assert ended.err.count("error[") == (2 if code else 0)
        assert not code or "2 more cannot be read" in ended.out
        ended = tool("archive", *words, *where, "--json")
        assert (ended.status, bool(json.loads(ended.out))) == (code, True)
    assert tool("archive", "show", "1111111", *where).status == 2
    assert tool("archive", "show", "2222222", *where).status == 5
    ended = tool("archive", "prune", "--keep", "1", "--yes", *where)
    assert (ended.status, "TB9112" in ended.err, "TB9110" in ended.err) == (5, True, True), ended.err
