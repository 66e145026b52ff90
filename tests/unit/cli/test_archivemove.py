"""``twinbuild archive`` restore, export, import: what they say."""

from __future__ import annotations

import json
from pathlib import Path

from fakes.archived import Archived, archived, archived_once
from fakes.tool import Tool, tool

__all__ = ["archived", "archived_once", "tool"]


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


def test_export_and_import(archived: Archived, tool: Tool, tmp_path: Path) -> None:
    """There and back, as JSON too."""
    file, place = tmp_path / "one.tar", str(tmp_path / "in")
    ended = tool("archive", "export", str(file), "tiny@1.0.0", "tiny", "--archive", str(archived.place))
    assert (ended.status, "exported" in ended.out) == (0, True), ended.err
    said = json.loads(tool("archive", "export", str(file), "--archive", str(archived.place), "--json").out)
    assert said["size"] == file.stat().st_size
    ended = tool("archive", "import", str(file), "--archive", place)
    assert (ended.status, "imported 1 release, 0 known before" in ended.out) == (0, True), ended.err
    assert json.loads(tool("archive", "import", str(file), "--archive", place, "--json").out)["known"] == 1
