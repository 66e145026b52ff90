"""``twinbuild capture`` on this machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool

__all__ = ["tool"]


@pytest.fixture
def dist(tool: Tool, tmp_path: Path) -> Path:
    """The release of the tiny project."""
    return tiny_release(tool, tmp_path)


def test_here(tool: Tool, dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of an interpreter: its packages, and no value of a variable that the release does not declare."""
    monkeypatch.setenv("API_TOKEN", "c4n4ry")
    ended = tool("capture", str(dist), "--python", sys.executable, "--image", "sha256:00")
    assert (ended.status, ended.err) == (0, "")
    document = json.loads(ended.out)
    assert "pytest" in {package["name"] for package in document["packages"]}
    assert document["image"] == "sha256:00"
    assert "API_TOKEN" in document["environment"]
    assert "c4n4ry" not in ended.out


def test_no_python(tool: Tool, dist: Path) -> None:
    """A program that is no Python, and none at all."""
    for name, code, status in (("false", "TB7604", 2), ("/nonexistent", "TB5901", 4)):
        ended = tool("capture", str(dist), "--python", name)
        assert (ended.status, code in ended.err) == (status, True), ended.err
