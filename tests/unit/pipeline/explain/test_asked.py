from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool
from twinbuild.errors import UsageError
from twinbuild.pipeline.explain.asked import read_questioned

__all__ = ["tool"]


def test_of_a_spec_and_of_its_release(tool: Tool, tmp_path: Path) -> None:
    """The same requirements: of the spec with line and column, of the release with the pointer into the spec."""
    dist = tiny_release(tool, tmp_path)
    spec, release = read_questioned(dist.parent.parent), read_questioned(dist)
    names = [(each.kind, each.name) for each in spec.asked]
    assert names == [(each.kind, each.name) for each in release.asked] == [("python", "alpha"), ("python", "beta")]
    assert spec.asked[0].where.rpartition("/")[2].startswith("release.yaml:")
    assert release.asked[0].where == "release.yaml /dependencies/runtime/0"
    shutil.copy(dist / "manifest.json", tmp_path / "alone.json")
    with pytest.raises(UsageError, match="TB9311"):
        read_questioned(tmp_path / "alone.json")
    (dist / "release.lock").unlink()
    with pytest.raises(UsageError, match="TB9311"):
        read_questioned(dist)
