"""`twinbuild compare`, on layouts that the assembler wrote."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fakes.tiny import tiny_project
from fakes.tool import Tool, tool

__all__ = ["tool"]


@pytest.fixture
def layouts(tool: Tool, tmp_path: Path) -> tuple[str, str]:
    """Two layouts of the tiny project, one of them with another file in the application."""
    first = tiny_project(tmp_path / "first", tmp_path / "store")
    assert tool("build", str(first), "--output", "one", "-q").status == 0
    second = tmp_path / "second"
    shutil.copytree(first, second)
    (second / "app" / "main.py").write_text("print(2)\n")
    assert tool("build", str(second), "--output", "two", "-q").status == 0
    return "one", "two"


def test_equal(tool: Tool, layouts: tuple[str, str]) -> None:
    """The same image, in a layout and in a release's directory."""
    Path("release").mkdir()
    shutil.copytree("one", "release/image")
    ended = tool("compare", "one", "release", "-q")
    assert (ended.status, ended.out) == (0, "the same files and configuration\n")
    assert json.loads(tool("compare", "one", "one", "--json").out) == {"equal": True, "differences": []}


def test_different(tool: Tool, layouts: tuple[str, str]) -> None:
    """Status 1, and a line for each file; an image of a layout can be named by digest."""
    digest = json.loads(Path("two/index.json").read_text())["manifests"][0]["digest"]
    ended = tool("compare", "one", f"two@{digest}", "-q")
    assert ended.status == 1
    lines = ended.out.splitlines()
    assert [line.split("  ")[0] for line in lines if "main" in line] == ["/app/main.py"]
    found = json.loads(tool("compare", "one", "two", "--json").out)
    assert not found["equal"]
    assert {"path", "first", "second"} == set(found["differences"][0])


def test_no_image(tool: Tool, tmp_path: Path) -> None:
    """A place without a layout is named."""
    ended = tool("compare", str(tmp_path), str(tmp_path), "-q")
    assert ended.status == 2
    assert "TB8042" in ended.err


def test_damaged(tool: Tool, layouts: tuple[str, str]) -> None:
    """Bytes that are not what their digest says are never compared."""
    digest = json.loads(Path("two/index.json").read_text())["manifests"][0]["digest"]
    manifest = json.loads(Path("two/blobs", digest.replace(":", "/")).read_text())
    path = Path("two/blobs", manifest["layers"][-2]["digest"].replace(":", "/"))
    path.chmod(0o644)
    path.write_bytes(b"x" * path.stat().st_size)
    shutil.rmtree("../store")
    assert tool("compare", "one", "two", "-q").status == 5
