"""``twinbuild archive`` find, restore, pin, prune, export, import: what they say."""

from __future__ import annotations

import json
from pathlib import Path

from fakes.archived import Archived, archived, archived_once
from fakes.tool import Tool, tool
from twinbuild.archive.directory import Archive
from twinbuild.model.digest import Digest

__all__ = ["archived", "archived_once", "tool"]


def test_find(archived: Archived, tool: Tool) -> None:
    """What has it, and exit 1 where nothing has."""
    at = ("--archive", str(archived.place))
    ended = tool("archive", "find", "alpha==1", *at)
    assert (ended.status, "tiny@1.0.0" in ended.out, "1 releases have alpha==1" in ended.out) == (0, True, True)
    assert json.loads(tool("archive", "find", "alpha==1", *at, "--json").out)[0]["version"] == "1.0.0"
    assert tool("archive", "find", "alpha==2", *at).status == 1
    assert tool("archive", "find", "alpha", *at).status == 2
    ended = tool("archive", "find", "CVE-2026-1", *at)
    assert (ended.status, "--database" in ended.err) == (2, True)


def test_restore(archived: Archived, tool: Tool) -> None:
    """What comes out is the release, which other verbs take."""
    words = ("archive", "restore", "tiny@1.0.0", "--archive", str(archived.place), "--output", "back")
    ended = tool(*words)
    assert (ended.status, "output   back, " in ended.out) == (0, True), ended.err
    assert json.loads(tool(*words, "--json").out)["release"] == str(archived.record.digest)
    assert tool("validate", "back").status == 0
    Path("back", "approvals").mkdir()
    Path("back", "approvals", "production.dsse.json").write_text("{}")  # is about the release, and not of it
    ended = tool("explain-mismatch", "back", str(archived.dist))
    assert (ended.status, "signatures and approvals" in ended.out) == (0, True), ended.out
    assert tool(*words[:2], "tiny@2", *words[3:]).status == 2


def test_pin_and_prune(archived: Archived, tool: Tool) -> None:
    """A dry run unless it is meant; a pin is shown, and keeps; unpinned, it goes."""
    at = ("--archive", str(archived.place))
    assert tool("archive", "pin", "tiny", "--reason", "court case 7", *at).status == 0
    assert "pinned: court case 7" in tool("archive", "list", *at).out
    assert "pinned   court case 7" in tool("archive", "show", "tiny", *at).out
    ended = tool("archive", "prune", "--keep-for", "0s", "--yes", *at)
    assert (ended.status, "stays: pinned: court case 7" in ended.out) == (0, True), ended.err
    assert tool("archive", "unpin", "tiny", *at).status == 0
    ended = tool("archive", "prune", "--keep-for", "0s", *at)
    assert "would be deleted; --yes does it" in ended.out
    assert json.loads(tool("archive", "prune", "--keep-for", "0s", *at, "--json").out)["dry_run"]
    assert len(json.loads(tool("archive", "list", *at, "--json").out)) == 1
    ended = tool("archive", "prune", "--keep-for", "0s", "--yes", *at)
    assert (ended.status, "0 releases in" in tool("archive", "list", *at).out) == (0, True), ended.err
    assert not [path for path in (archived.place / "v1" / "blobs").rglob("*") if path.is_file()]
    assert tool("archive", "prune", *at).status == 2
    assert tool("archive", "prune", "--keep-for", "soon", *at).status == 2
    assert tool("archive", "pin", "tiny", "--reason", "\x1b[2J", *at).status == 2


def test_export_and_import(archived: Archived, tool: Tool, tmp_path: Path) -> None:
    """There and back, as JSON too."""
    file, place = tmp_path / "one.tar", str(tmp_path / "in")
    ended = tool("archive", "export", str(file), "tiny@1.0.0", "tiny", "--archive", str(archived.place))
    assert (ended.status, "exported" in ended.out) == (0, True), ended.err
    said = json.loads(tool("archive", "export", str(file), "--archive", str(archived.place), "--json").out)
    assert said["size"] == file.stat().st_size
    ended = tool("archive", "import", str(file), "--archive", place)
    assert (ended.status, "imported 1 releases, 0 known before" in ended.out) == (0, True), ended.err
    assert json.loads(tool("archive", "import", str(file), "--archive", place, "--json").out)["known"] == 1


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
