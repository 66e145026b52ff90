"""``twinbuild why``."""

from __future__ import annotations

import json
from pathlib import Path

from fakes.tiny import tiny_project
from fakes.tool import Tool, tool

__all__ = ["tool"]


def test_a_package(tool: Tool, tmp_path: Path) -> None:
    """The requirement with file and line, the chain; JSON has the same; an unknown name ends with 2."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store")
    ended = tool("why", "alpha", str(project))
    assert ended.status == 0, ended.err
    first, place, chain = ended.out.splitlines()[:3]
    assert first.startswith("alpha 1")
    assert "release.yaml:" in place
    assert place.endswith("alpha==1")
    assert chain.strip().startswith("alpha 1")
    found = json.loads(tool("why", "alpha", str(project), "--json").out)
    assert found["packages"][0]["chains"][0]["reason"] == "alpha==1"
    unknown = tool("why", "alfa", str(project))
    assert (unknown.status, "TB9310" in unknown.err, "alpha" in unknown.err) == (2, True, True)
    assert tool("why", "/app/main.py", str(project)).status == 2
