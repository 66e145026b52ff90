"""``twinbuild archive`` pin, unpin, prune: what they say."""

from __future__ import annotations

import json

from fakes.archived import Archived, archived, archived_once
from fakes.tool import Tool, tool

__all__ = ["archived", "archived_once", "tool"]


def test_pin_and_prune(archived: Archived, tool: Tool) -> None:
    """A dry run unless it is meant; a pin is shown, and keeps; unpinned, it goes."""
    at = ("--archive", str(archived.place))
    pinned = json.loads(tool("archive", "pin", "tiny", "--reason", "court case 7", *at, "--json").out)
    assert pinned == {"release": str(archived.record.digest), "pinned": "court case 7"}
    assert "pinned: court case 7" in tool("archive", "list", *at).out
    assert "pinned   court case 7" in tool("archive", "show", "tiny", *at).out
    ended = tool("archive", "prune", "--keep-for", "0s", "--yes", *at)
    assert (ended.status, "stays: pinned: court case 7" in ended.out) == (0, True), ended.err
    assert json.loads(tool("archive", "unpin", "tiny", *at, "--json").out) == {**pinned, "pinned": None}
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
