"""``pipeline.explaining``: where a value is from, in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool

__all__ = ["tool"]


@pytest.fixture
def dist(tool: Tool, tmp_path: Path) -> Path:
    """The release of the tiny project."""
    return tiny_release(tool, tmp_path)


@pytest.mark.parametrize(
    ("where", "answer"),
    [
        ("/serving/command/1", '"-m"\n  written in release.yaml at /serving/command/1'),
        ("/metadata/owners/0/name", '"Ada Example"\n  written in release.yaml at /metadata/owners/0/name'),
        ("/rollout/strategy", '"rolling"\n  nobody wrote it: a default of twinbuild/v1'),
        ("/environment/targets/0/wheels/0/name", '"alpha"\n  by pip-compile: '),
        ("/environment/images/0/variant", '"cpu"\n  by builder: '),
    ],
)
def test_why(tool: Tool, dist: Path, where: str, answer: str) -> None:
    """File and pointer, default, or tool."""
    ended = tool("show", str(dist), "--why", where)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith(f"{where} = {answer}")
    assert json.loads(tool("show", str(dist), "--why", where, "--json").out)["pointer"] == where


@pytest.mark.parametrize("where", ["/serving/comand", "/serving/command/9", "/serving/command/-1", "serving", "/x"])
def test_nothing_there(tool: Tool, dist: Path, where: str) -> None:
    """TB7606 (exit 2) names the step that is not there."""
    ended = tool("show", str(dist), "--why", where)
    assert (ended.status, "TB7606" in ended.err) == (2, True)


def test_first_version(tool: Tool) -> None:
    """It has no provenance, and says so."""
    old = Path(__file__).parents[1] / "codec" / "manifest_v1.json"
    ended = tool("show", str(old), "--why", "/metadata/name")
    assert (ended.status, "TB7606" in ended.err) == (2, True)
    assert "of version 1, which has no provenance" in ended.err
