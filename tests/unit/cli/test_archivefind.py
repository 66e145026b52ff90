"""``twinbuild archive`` find: what it says."""

from __future__ import annotations

import json

from fakes.archived import Archived, archived, archived_once
from fakes.tool import Tool, tool

__all__ = ["archived", "archived_once", "tool"]


def test_find(archived: Archived, tool: Tool) -> None:
    """What has it, and exit 1 where nothing has."""
    at = ("--archive", str(archived.place))
    ended = tool("archive", "find", "alpha==1", *at)
    assert (ended.status, "tiny@1.0.0" in ended.out, "1 release has alpha==1" in ended.out) == (0, True, True)
    assert json.loads(tool("archive", "find", "alpha==1", *at, "--json").out)[0]["version"] == "1.0.0"
    assert tool("archive", "find", "alpha==2", *at).status == 1
    assert tool("archive", "find", "alpha", *at).status == 2
    ended = tool("archive", "find", "CVE-2026-1", *at)
    assert (ended.status, "--database" in ended.err) == (2, True)
