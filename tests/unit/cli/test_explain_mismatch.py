"""``twinbuild explain-mismatch``."""

from __future__ import annotations

import json
from pathlib import Path

from fakes.tool import Tool, tool

__all__ = ["tool"]


def test_two_files(tool: Tool, tmp_path: Path) -> None:
    """Exit 1 with cause, place and remedy; 0 for the same; the terminal is not steered."""
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"\x1b[31m pid=12 \x1b[0m")
    other.write_bytes(b"\x1b[31m pid=13 \x1b[0m")
    ended = tool("explain-mismatch", str(one), str(other))
    assert ended.status == 1
    assert ended.out.startswith("1. process-id: the number of the process was written\n   where   the whole, byte 11\n")
    assert "\x1b" not in ended.out
    found = json.loads(tool("explain-mismatch", str(one), str(other), "--json").out)
    assert (found["causes"][0]["cause"], found["causes"][0]["offset"]) == ("process-id", 11)
    assert tool("explain-mismatch", str(one), str(one)).status == 0
    assert tool("explain-mismatch", str(one), str(tmp_path)).status == 2
