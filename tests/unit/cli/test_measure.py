"""``twinbuild measure``: what is refused before anything is built. What it does is in ``pipeline/test_measure.py``."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.tiny import tiny_project
from fakes.tool import Tool, tool

__all__ = ["tool"]

KNOBS = "configuration: {parameters: [{name: batch, type: int, default: 8, description: d}]}\n"
GOLDEN = "tests: {golden: [{name: g, request: {path: /}, expect: {status: 200}}]}\n"


@pytest.mark.parametrize(
    ("more", "arguments", "code"),
    [
        (KNOBS, (), "TB7110"),
        (KNOBS + GOLDEN, (), "TB7110"),
        (KNOBS + GOLDEN, ("--knob", "bach"), "TB7111"),
        (GOLDEN, ("--knob", "batch"), "TB7111"),
    ],
)
def test_nothing_to_measure(tool: Tool, tmp_path: Path, more: str, arguments: tuple[str, ...], code: str) -> None:
    """Without golden tests, without a declared impact, or of a knob that there is not."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store", more=more)
    said = tool("measure", str(project), "--locked", "-q", *arguments)
    assert (said.status, code in said.err) == (2, True), said.err
