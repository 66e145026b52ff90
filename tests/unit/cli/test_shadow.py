"""``twinbuild shadow`` as a person uses it; ``tests/pipeline/test_shadow.py`` shows it on two real releases."""

from __future__ import annotations

import json
from pathlib import Path

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool

__all__ = ["tool"]


def test_refused(tool: Tool, tmp_path: Path) -> None:
    """Each with its code, before anything is started: no release, no traffic, traffic that is none, no such variant."""
    dist = tiny_release(tool, tmp_path)
    traffic = tmp_path / "traffic.jsonl"
    traffic.write_text('{"path": "/"}\n{"path": "x"}\n')
    cases = (
        ((str(tmp_path), str(dist)), "TB7003"),
        ((str(dist), str(dist)), "TB7301"),
        ((str(dist), str(dist), "--traffic", str(traffic)), "TB7302"),
        ((str(dist), str(dist), "--variant", "cuda"), "TB7304"),
    )
    for arguments, code in cases:
        ended = tool("shadow", *arguments, "--json")
        assert ended.status == 2, ended.err
        assert [finding["code"] for finding in json.loads(ended.err)["findings"]][:1] == [code]
    ended = tool("shadow", str(dist), str(dist), "--ignore", "score")
    assert ended.status == 2
    assert "expected a JSON pointer" in ended.err
