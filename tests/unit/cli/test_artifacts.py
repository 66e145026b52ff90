"""``twinbuild artifacts``: what it says, and what it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path

from fakes.signed import SignedDist, signed, signed_once
from fakes.tool import Tool, tool

__all__ = ["signed", "signed_once", "tool"]


def _files(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_verb(tool: Tool, signed: SignedDist, tmp_path: Path) -> None:
    """For people and as JSON; a directory with something in it is left as it is."""
    ended = tool("artifacts", str(signed.dist), "--output", str(tmp_path / "weights"), "--json")
    assert ended.status == 0, ended.err
    document = json.loads(ended.out)
    assert [each["path"] for each in document["files"]] == ["head.bin", "trunk/b.bin", "trunk-a.bin"]
    before = _files(tmp_path / "weights")
    again = tool("artifacts", str(signed.dist), "--output", str(tmp_path / "weights"))
    assert (again.status, "TB8020" in again.err, _files(tmp_path / "weights")) == (2, True, before)
    ended = tool("artifacts", str(signed.dist), "--output", "other")
    assert "root     /models in the image" in ended.out
