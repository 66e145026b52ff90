"""``pipeline.reading.validating``: releases that are whole. What is not is in ``unit/cli/test_validate.py``."""

from __future__ import annotations

from pathlib import Path

from fakes.tiny import tiny_project
from fakes.tool import Tool, tool
from twinbuild.pipeline.reading.released import read_release
from twinbuild.pipeline.reading.validating import check_release

__all__ = ["tool"]


def test_of_variants(tool: Tool, tmp_path: Path) -> None:
    """All variants, each by a tag of its own, and one of them alone, which keeps that tag."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store", variants=("one", "two"))
    assert tool("release", str(project), "--locked", "-q").status == 0
    assert tool("release", str(project), "--locked", "-q", "--variant", "two").status == 0
    for name in ("tiny-1.0.0", "tiny-1.0.0-two"):
        assert check_release(read_release(project / "dist" / name)) > 4
