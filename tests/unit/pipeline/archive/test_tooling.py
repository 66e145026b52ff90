"""``pipeline.archive.tooling``: a packed twinbuild comes with a release, once; why there is none is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.archived import Archived, archived, archived_once
from fakes.packed import packed_image, packed_tool
from fakes.tool import Tool, tool
from twinbuild.archive.directory import Archive
from twinbuild.model.archive import OF_THE_TOOL
from twinbuild.model.tool import ToolRoot
from twinbuild.pipeline.archive import tooling
from twinbuild.pipeline.archive.tooling import archived_tool, is_running
from twinbuild.pipeline.machine import Machine

__all__ = ["archived", "archived_once", "tool"]


@pytest.fixture
def packing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, archived: Archived) -> None:
    """Packing gives an image of a shell, for the real one needs a hundred packages; and the store has the inputs."""
    monkeypatch.setenv("TWINBUILD_STORE", str(archived.dist.parent.parent.parent / "store"))

    def pack(machine: Machine, _: object) -> ToolRoot:
        return packed_tool(packed_image(machine.store, tmp_path / "scratch"))

    monkeypatch.setattr(tooling, "missing_for", lambda *_: 0)
    monkeypatch.setattr(tooling, "pack_tool", pack)


def added(tool: Tool, archived: Archived, *more: str) -> dict[str, object]:
    """What ``archive add`` says."""
    ended = tool("archive", "add", str(archived.dist), "--archive", str(archived.place), "--json", "-q", *more)
    assert ended.status == 0, ended.err
    answer: dict[str, object] = json.loads(ended.out)
    return answer


@pytest.mark.usefixtures("packing")
def test_it_is_archived_once(tool: Tool, archived: Archived) -> None:
    """A release that is archived again gets it; then nothing is new. It can be opened, and its loss is named."""
    first = added(tool, archived)
    assert (first["known"], first["without_tool"], first["brought"] != {"blobs": 0, "size": 0}) == (False, None, True)
    second = added(tool, archived, "--without-tool")  # what is there stays
    assert (second["known"], second["tool"], second["without_tool"]) == (True, first["tool"], None)
    with Archive(archived.place) as archive:
        opened = archived_tool(archive, archived.record.tool)
    assert (opened.version, is_running(opened)) == ("1.2.3", False)
    assert tool("archive", "verify", "--archive", str(archived.place), "-q").status == 0
    archived.blob(archived.record.tool[-1]).unlink()
    ended = tool("archive", "verify", "--archive", str(archived.place), "-q")
    assert (ended.status, OF_THE_TOOL in ended.err, "--with-present-tool" in ended.err) == (5, True, True), ended.err
    assert added(tool, archived)["brought"] != {"blobs": 0, "size": 0}
    assert tool("archive", "verify", "--archive", str(archived.place), "-q").status == 0


@pytest.mark.usefixtures("packing")
def test_without(tool: Tool, archived: Archived, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be left out; one of another version did not make the release."""
    assert added(tool, archived, "--without-tool")["without_tool"] == "--without-tool says so"
    assert not archived.record.tool
    monkeypatch.setattr(tooling, "__version__", "9.9.9")
    assert "twinbuild 0.1.0 made the release, and this is 9.9.9" in str(added(tool, archived)["without_tool"])


def test_a_store_without_its_packages(tool: Tool, archived: Archived) -> None:
    """Nothing is fetched: what to do is said, and the release is archived."""
    ended = tool("archive", "add", str(archived.dist), "--archive", str(archived.place), "-q")
    assert ended.status == 0, ended.err
    assert "tool     not archived: the store lacks " in ended.out
    assert "run `twinbuild tool pack`, then archive again" in ended.out
    assert "no twinbuild but 0.1.0 is sure to build it again" in ended.out
