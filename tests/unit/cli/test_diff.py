"""``twinbuild diff``: sections, risks, layers and files of two releases."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool

__all__ = ["tool"]


def test_two_releases(tool: Tool, tmp_path: Path) -> None:
    """None with itself (exit 0); what was decided otherwise by section (exit 1), in each form."""
    dist = tiny_release(tool, tmp_path)
    same = tool("diff", str(dist), str(dist))
    assert (same.status, same.out.startswith("no difference between tiny 1.0.0")) == (0, True)
    other = tmp_path / "other"
    shutil.copytree(dist.parent.parent, other, ignore=shutil.ignore_patterns("dist"))
    (other / "release.yaml").write_text((other / "release.yaml").read_text() + "governance: {approvals: 2}\n")
    (other / "app" / "main.py").write_text("print('changed')\n")
    made = tool("release", str(other), "-q", "--offline")
    assert made.status == 0, made.err
    ended = tool("diff", str(dist), str(other))
    assert ended.status == 1
    assert "governance:\n  medium  changed  approvals  0 -> 2  who may decide about it" in ended.out
    assert "~ /app/main.py" in ended.out
    found = json.loads(tool("diff", str(dist), str(other), "--json").out)
    assert {"application", "governance", "images"} <= {section["name"] for section in found["sections"]}
    assert found["images"][0]["shared_bytes"] > 0
    markdown = tool("diff", str(dist), str(other), "--format", "markdown").out
    assert "| **medium** | changed |  | approvals | 0 \\-\\> 2 | who may decide about it |" in markdown
    shutil.copy(dist / "manifest.json", tmp_path / "alone.json")
    alone = tool("diff", str(tmp_path / "alone.json"), str(other))
    assert "not compared: layers and files of the images" in alone.out
    mismatch = tool("explain-mismatch", str(dist), str(other / "dist" / "tiny-1.0.0"))
    assert mismatch.out.startswith("1. inputs: they were not made from the same inputs")
