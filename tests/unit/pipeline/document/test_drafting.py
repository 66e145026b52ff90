"""``pipeline.document.drafting``: specs with their locks, compared before anything is built."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from fakes.tool import EXAMPLES, Tool, tool
from twinbuild.pipeline.document.drafting import draft_manifest

__all__ = ["tool"]


def test_a_change(tool: Tool, tmp_path: Path) -> None:
    """What a change of the spec decides, without images; line ends and comments decide nothing."""
    before = EXAMPLES / "fraud-scorer"
    after = tmp_path / "after"
    shutil.copytree(before, after, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    spec = (after / "release.yaml").read_text()
    (after / "release.yaml").write_text("# new\r\n" + spec.replace("\n", "\r\n"), newline="")
    assert tool("parity", "--draft", str(before), str(after)).status == 0
    (after / "release.yaml").write_text(spec.replace("maximum: 1024", "maximum: 2048"))
    ended = tool("parity", "--draft", str(before), str(after), "--json")
    assert ended.status == 1
    (only,) = json.loads(ended.out)["differences"]
    assert (only["what"], only["first"], only["second"]) == ("parameters batch_limit maximum", "1024", "2048")
    assert "images" not in draft_manifest(before) or draft_manifest(before)["environment"]["images"] == []  # type: ignore[index,call-overload]


def test_no_lock(tool: Tool, tmp_path: Path) -> None:
    """A spec without a lock decides nothing yet (TB2252); a stage that is not there is TB7605."""
    example = tmp_path / "example"
    shutil.copytree(EXAMPLES / "fraud-scorer", example, ignore=shutil.ignore_patterns("dist", "release.lock"))
    ended = tool("parity", "--draft", str(example), str(example))
    assert (ended.status, "TB2252" in ended.err) == (3, True)
    assert "beside " in ended.err
    ended = tool("parity", "--draft", str(EXAMPLES / "fraud-scorer"), str(example))
    assert f"there is no release.lock beside {example / 'release.yaml'}" in ended.err
    full = str(EXAMPLES / "fraud-scorer")
    ended = tool("parity", "--draft", full, full, "--stages", "staging", "prod")
    assert (ended.status, "TB7605" in ended.err) == (2, True)
    assert "expected one of production, staging" in ended.err
    assert tool("parity", "--draft", full, full, "--stages", "staging", "production").status == 1
