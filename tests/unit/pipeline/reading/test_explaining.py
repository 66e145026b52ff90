"""``pipeline.reading.explaining``: where a value is from, in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool
from twinbuild.codec.canonical import Json, canonical
from twinbuild.pipeline.reading.explaining import explained
from twinbuild.pipeline.reading.released import read_release

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


def test_why_of_a_section(tool: Tool, dist: Path) -> None:
    """What has several sources names them, and no file alone; the provenance is twinbuild's, not the spec's."""
    ended = tool("show", str(dist), "--why", "/environment")
    assert "; but parts of it have other sources:\n" in ended.out
    assert "\n  /environment/images  by builder: " in ended.out
    answer = json.loads(tool("show", str(dist), "--why", "/environment", "--json").out)
    sources = {part["pointer"]: part["source"] for part in answer["parts"]}
    assert sources["/environment/targets"].startswith("by lock: ")
    assert "\n  by twinbuild: " in tool("show", str(dist), "--why", "/provenance").out
    assert json.loads(tool("show", str(dist), "--why", "/provenance/files", "--json").out)["parts"] == []
    assert json.loads(tool("show", str(dist), "--why", "/serving/command", "--json").out)["parts"] == []


def test_every_item_from_elsewhere(tmp_path: Path) -> None:
    """Then no source is said of the whole, whatever the provenance says of what holds it."""
    section: Json = {
        "files": {"release.family.yaml": {"": ""}, "release.yaml": {"/extends/family": "/extends"}},
        "defaults": {"of": "twinbuild/v1", "at": []},
        "tools": {"lock": ["/extends/sha256"]},
    }
    document: Json = {
        "apiVersion": "twinbuild/manifest/v2",
        "extends": {"family": "a@1.0.0", "sha256": "00"},
        "kind": "ReleaseManifest",
        "metadata": {},
        "provenance": section,
    }
    (tmp_path / "manifest.json").write_bytes(canonical(document))
    value, found = explained(read_release(tmp_path / "manifest.json"), "/extends")
    assert value == {"family": "a@1.0.0", "sha256": "00"}
    assert found.source == ""
    assert [at for at, _ in found.parts] == ["/extends/family", "/extends/sha256"]


@pytest.mark.parametrize("where", ["/serving/comand", "/serving/command/9", "/serving/command/-1", "serving", "/x"])
def test_nothing_there(tool: Tool, dist: Path, where: str) -> None:
    """TB7606 (exit 2) names the step that is not there."""
    ended = tool("show", str(dist), "--why", where)
    assert (ended.status, "TB7606" in ended.err) == (2, True)


def test_first_version(tool: Tool) -> None:
    """It has no provenance, and says so."""
    old = Path(__file__).parents[2] / "codec" / "manifest_v1.json"
    ended = tool("show", str(old), "--why", "/metadata/name")
    assert (ended.status, "TB7606" in ended.err) == (2, True)
    assert "of version 1, which has no provenance" in ended.err
