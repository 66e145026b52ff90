"""``twinbuild reproduce``: what it says. What it does is in ``unit/pipeline/archive/test_reproducing.py``."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.archived import Archived, archived, archived_once
from fakes.tool import Tool, tool

__all__ = ["archived", "archived_once", "tool"]


@pytest.mark.sandbox
def test_by_an_image(archived: Archived, tool: Tool, tmp_path: Path) -> None:
    """The digest of an image names the release; people read which it is and that it is the same."""
    image = str(archived.record.images[0].digest)
    ended = tool("reproduce", image, "--archive", str(archived.place), "--output", str(tmp_path / "out"), "-q")
    assert ended.status == 0, ended.err
    assert f"image    cpu linux/amd64  {image}" in ended.out
    assert "built from the archive alone" in ended.out
    assert "tested   again" in ended.out
    words = ("--archive", str(archived.place), "--output", str(tmp_path / "out"), "-q", "--without-tests")
    ended = tool("reproduce", image, *words)
    assert (ended.status, "tested   not again" in ended.out) == (0, True), ended.err
    assert tool("reproduce", image, *words, "--stage", "prod").status == 2


def test_no_such_release(archived: Archived, tool: Tool, tmp_path: Path) -> None:
    """A release that is not there is said not to be, and nothing is written."""
    ended = tool("reproduce", "tiny@2", "--archive", str(archived.place), "--output", str(tmp_path / "out"))
    assert (ended.status, "error[TB9107]" in ended.err) == (2, True), ended.err
    assert not (tmp_path / "out").exists()
