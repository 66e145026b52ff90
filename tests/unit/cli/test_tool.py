"""``twinbuild tool run`` on a packed shell: arguments, directories and status pass through."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.packed import packed_image, packed_tool
from fakes.tool import Tool
from twinbuild.pipeline.tool.pack import write_tools
from twinbuild.store.memory import MemoryStore

pytestmark = pytest.mark.sandbox


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    """A packed shell, in a place with a blank."""
    store = MemoryStore()
    (tmp_path / "a place").mkdir()
    write_tools((packed_tool(packed_image(store, tmp_path)),), store, tmp_path / "a place" / "layout")
    return tmp_path / "a place" / "layout"


def test_run(tool: Tool, layout: Path, tmp_path: Path) -> None:
    """What it prints and its status are those of the command; directories are seen at their own paths."""
    (tmp_path / "read").mkdir()
    (tmp_path / "write").mkdir()
    script = f"cat '{tmp_path}/read/file' > '{tmp_path}/write/copy'; pwd; echo --said >&2; exit 9"
    (tmp_path / "read" / "file").write_text("text")
    at = ("--directory", f"{tmp_path}/write")
    shown = ("--read", f"{tmp_path}/read", "--write", f"{tmp_path}/write", "--store", f"{tmp_path}/write")
    ended = tool("tool", "run", "-q", *shown, *at, str(layout), "--", script)
    assert ended == (9, f"{tmp_path}/write\n", "--said\n")
    assert (tmp_path / "write" / "copy").read_text() == "text"
    assert list((tmp_path / "tmp").glob("twinbuild-*/tool-*")) == []
    ended = tool("tool", "run", "-q", str(layout), "kill -9 $$")
    assert ended.status == 128 + 9


def test_refusals(tool: Tool, layout: Path, tmp_path: Path) -> None:
    """No layout, and a directory that is not to be shown: one line and its code."""
    ended = tool("tool", "run", "-q", str(tmp_path))
    assert (ended.status, "TB3231" in ended.err) == (2, True)
    ended = tool("tool", "run", "-q", "--read", "/usr", str(layout), "true")
    assert (ended.status, "TB9220" in ended.err) == (2, True)


def test_pack_of_an_unknown_platform(tool: Tool) -> None:
    """TB1120, before anything is fetched."""
    ended = tool("tool", "pack", "--platform", "linux/s390x")
    assert (ended.status, "TB1120" in ended.err) == (2, True)
