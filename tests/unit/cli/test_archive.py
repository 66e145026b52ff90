"""``twinbuild archive``: what it says, for people and as JSON. What it does is in ``unit/pipeline/archive``."""

from __future__ import annotations

import json
from pathlib import Path

from fakes.archived import Archived, archived, archived_once
from fakes.tool import Tool, tool

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
    assert ended.out.startswith("whole    1 releases"), ended.err
    assert json.loads(tool("archive", "verify", *at, "--json").out)["unneeded"] == 0


def test_no_archive(tool: Tool, tmp_path: Path) -> None:
    """Each verb that reads says so, and makes none."""
    for words in (("list",), ("show", "x"), ("verify",)):
        ended = tool("archive", *words, "--archive", str(tmp_path / "none"))
        assert (ended.status, "error[TB9101]" in ended.err) == (2, True), ended.err
    assert not (tmp_path / "none").exists()
