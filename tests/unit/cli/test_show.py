"""``twinbuild show``: a release manifest for people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool

__all__ = ["tool"]


@pytest.fixture
def dist(tool: Tool, tmp_path: Path) -> Path:
    """The release of the tiny project."""
    return tiny_release(tool, tmp_path)


def test_shown(tool: Tool, dist: Path) -> None:
    """All of it, as the file for people has it, under its name; and one section. The spec means its last release."""
    digest = (dist / "release.digest").read_text().strip()
    whole = tool("show", str(dist))
    assert (whole.status, whole.err) == (0, "")
    assert whole.out == f"# release {digest}\n" + (dist / "manifest.yaml").read_text()
    document = json.loads((dist / "manifest.json").read_bytes())
    assert tool("show", str(dist.parent.parent)).out == whole.out
    assert yaml.safe_load(tool("show", str(dist), "--section", "serving").out) == document["serving"]
    answer = json.loads(tool("show", str(dist / "manifest.json"), "--json").out)
    assert answer == {"release": digest, "manifest": document}
    ended = tool("show", str(dist), "--section", "servin")
    assert ended.status == 2
    assert "TB7006" in ended.err
    assert "did you mean 'serving'?" in ended.err


def test_options_that_say_nothing_or_too_much(tool: Tool, tmp_path: Path) -> None:
    """Empty ones, and both, are a matter of usage, before anything is read."""
    for arguments in (("--why", ""), ("--section", ""), ("--section", "serving", "--why", "/serving")):
        ended = tool("show", str(tmp_path), *arguments, "--json")
        assert (ended.status, ended.out, "TB8001" in ended.err) == (2, "", True)
        assert "expected " in ended.err


def test_first_version(tool: Tool, tmp_path: Path) -> None:
    """A release manifest of the first version is shown and validated; a later one than ours is refused."""
    old = Path(__file__).parents[1] / "codec" / "manifest_v1.json"
    assert yaml.safe_load(tool("show", str(old), "--section", "rollout").out)["strategy"] == "canary"
    assert tool("show", str(old)).out.startswith("# release sha256:8c0f00e5630d")
    assert tool("validate", str(old)).status == 0
    newer = tmp_path / "newer.json"
    newer.write_bytes(old.read_bytes().replace(b"twinbuild/manifest/v1", b"twinbuild/manifest/v3"))
    ended = tool("show", str(newer))
    assert ended.status == 2
    assert "got a release manifest of version 3, this installation reads up to 2" in ended.err


def test_made_again(tool: Tool, dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands of the section `reproduce` run as they stand there, and give the digests that it expects."""
    section = json.loads(tool("show", str(dist), "--section", "reproduce", "--json").out)["manifest"]
    monkeypatch.chdir(dist.parent.parent)
    digests: list[str] = []
    for step in section["steps"]:
        program, verb, *arguments = step["run"]
        assert program == "twinbuild"
        ended = tool(verb, *arguments)
        assert ended.status == 0, ended.err
        if "expect" in step:
            digests += step["expect"].values()
            assert json.loads(ended.out)["images"] == digests
            assert json.loads(ended.out)["reused"] is False
    assert len(digests) == 1
