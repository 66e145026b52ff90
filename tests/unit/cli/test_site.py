"""``twinbuild site``: directories in, a catalogue out."""

from __future__ import annotations

import json
from pathlib import Path

from fakes.signed import SignedDist, signed, signed_once
from fakes.tool import Tool, tool

__all__ = ["signed", "signed_once", "tool"]


def test_site(signed: SignedDist, tmp_path: Path, tool: Tool) -> None:
    """It says how much was written; with --json as one object."""
    ended = tool("site", str(signed.dist.parent), "--output", str(tmp_path / "out"))
    assert ended.status == 0, ended.err
    assert "releases 1 of 1 name" in ended.out
    told = json.loads(tool("site", str(signed.dist), "--output", str(tmp_path / "out"), "--json").out)
    assert (told["releases"], told["pages"]) == (1, 3)
    assert (tmp_path / "out" / "index.html").is_file()


def test_no_release(tmp_path: Path, tool: Tool) -> None:
    """A directory without one is an error of usage, and nothing is written."""
    (tmp_path / "empty").mkdir()
    ended = tool("site", str(tmp_path / "empty"), "--output", str(tmp_path / "out"))
    assert ended.status == 2
    assert "TB9401" in ended.err
    assert not (tmp_path / "out").exists()
