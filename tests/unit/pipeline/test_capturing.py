"""``pipeline.capturing``: the program for a release, and what it says of an environment of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool

__all__ = ["tool"]


@pytest.fixture
def dist(tool: Tool, tmp_path: Path) -> Path:
    """The release of the tiny project."""
    return tiny_release(tool, tmp_path)


def test_program(tool: Tool, dist: Path) -> None:
    """The printed program is one file that compiles, and asks for this release's files."""
    program = tool("capture", str(dist), "--program").out
    compile(program, "capture.py", "exec")
    assert '"files": ["/app"]' in program
    assert '"variables": ["LANG", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "VIRTUAL_ENV"]' in program
    assert "import twinbuild" not in program
