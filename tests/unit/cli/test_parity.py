"""``twinbuild parity``: forms, exit codes, and what is neither a release nor a capture."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool
from unit.codec.test_capture import DOCUMENT

__all__ = ["tool"]


@pytest.fixture
def dist(tool: Tool, tmp_path: Path) -> Path:
    """The release of the tiny project."""
    return tiny_release(tool, tmp_path)


def test_two_releases(tool: Tool, dist: Path, tmp_path: Path) -> None:
    """None with itself (exit 0); of a changed value one, with its risk; the gate takes a level."""
    assert tool("parity", str(dist), str(dist)).status == 0
    other = tmp_path / "other"
    shutil.copytree(dist.parent.parent, other, ignore=shutil.ignore_patterns("dist"))
    spec = (other / "release.yaml").read_text()
    (other / "release.yaml").write_text(spec + "governance: {approvals: 2}\n")
    assert tool("release", str(other), "--locked", "-q").status == 0
    ended = tool("parity", str(dist), str(other), "--json")
    (only,) = [item for item in json.loads(ended.out)["differences"] if item["section"] != "documents"]
    assert (only["what"], only["first"], only["second"], only["risk"]) == ("approvals", "0", "2", "medium")
    assert ended.status == 1
    assert tool("parity", str(dist), str(other), "--fail-on", "high").status == 0
    assert tool("parity", str(dist), str(other), "--fail-on", "never").status == 0
    markdown = tool("parity", str(dist), str(other), "--format", "markdown").out
    assert "| **medium** | governance | approvals | 0 | 2 | who may decide about it |" in markdown


def test_what_was_not_compared(tool: Tool, dist: Path, tmp_path: Path) -> None:
    """No difference is no failure, but where everything has to be compared; then what was not is one."""
    packages = [{"name": name, "version": "1", "record": ""} for name in ("alpha", "beta")]
    (tmp_path / "venv.json").write_text(json.dumps(DOCUMENT | {"packages": packages}))
    for arguments, status in (((), 0), (("--complete",), 1), (("--complete", "--fail-on", "never"), 1)):
        ended = tool("parity", str(dist), str(tmp_path / "venv.json"), *arguments)
        assert (ended.status, "not compared: application" in ended.out) == (status, True)
    assert tool("parity", str(dist), str(dist), "--complete").status == 0
    draft = tool("parity", "--draft", str(dist.parent.parent), str(dist.parent.parent), "--complete")
    assert (draft.status, "not compared: images" in draft.out) == (1, True)


@pytest.mark.parametrize(
    ("text", "code", "status"),
    [
        ('{"apiVersion": "twinbuild/capture/v1"', "TB7601", 5),
        ('{"apiVersion": "twinbuild/capture/v9", "kind": "Capture"}', "TB7602", 2),
        ("{}", "TB7001", 5),
        ("", "TB7001", 5),
    ],
)
def test_no_side(tool: Tool, tmp_path: Path, text: str, code: str, status: int) -> None:
    """A file that is neither a release nor a capture, and one of a newer version."""
    (tmp_path / "x.json").write_text(text)
    ended = tool("parity", str(tmp_path / "x.json"), str(tmp_path / "x.json"))
    assert (ended.status, code in ended.err) == (status, True), ended.err
