"""``twinbuild lint``."""

from __future__ import annotations

import json
from pathlib import Path

from fakes.tiny import tiny_project
from fakes.tool import EXAMPLES, Tool, tool

__all__ = ["tool"]


def test_examples(tool: Tool) -> None:
    """The examples keep every convention."""
    for example in sorted(path.parent for path in EXAMPLES.glob("*/release.yaml")):
        ended = tool("lint", str(example))
        assert (ended.status, ended.out) == (0, "release.yaml keeps 9 conventions\n")


def test_breach(tool: Tool, tmp_path: Path) -> None:
    """Exit 1, with code, place and remedy; as JSON too."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store")
    ended = tool("lint", str(project))
    assert ended.status == 1
    assert "error[TB7626]: it has no description" in ended.err
    assert "release.yaml:4" in ended.err
    ended = tool("lint", str(project), "--json")
    assert [item["code"] for item in json.loads(ended.err)["findings"]] == ["TB7626"]
