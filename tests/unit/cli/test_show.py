"""``twinbuild show``: a release manifest for people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool

__all__ = ["tool"]


@pytest.fixture
def dist(tool: Tool, tmp_path: Path) -> Path:
    """The release of the tiny project."""
    return tiny_release(tool, tmp_path)


def test_shown(tool: Tool, dist: Path) -> None:
    """All of it, as the file for people has it, under its name; and one section. The spec means its last release."""
    digest = (dist / "release.digest").read_text().strip()
    whole = tool("show", str(dist))
    assert (whole.status, whole.err) == (0, "")
    assert whole.out == f"# release {digest}\n" + (dist / "manifest.yaml").read_text()
    document = json.loads((dist / "manifest.json").read_bytes())
    assert tool("show", str(dist.parent.parent)).out == whole.out
    assert yaml.safe_load(tool("show", str(dist), "--section", "serving").out) == document["serving"]
    answer = json.loads(tool("show", str(dist / "manifest.json"), "--json").out)
    assert answer == {"release": digest, "manifest": document}
    ended = tool("show", str(dist), "--section", "servin")
    assert ended.status == 2
    assert "TB7006" in ended.err
    assert "did you mean 'serving'?" in ended.err
