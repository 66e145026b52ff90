from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from fakes.tiny import tiny_project
from fakes.tool import Tool, tool
from twinbuild.cli.__main__ import cli
from twinbuild.errors import UsageError

__all__ = ["tool"]


def test_unsigned(tool: Tool, tmp_path: Path) -> None:
    """It ends well without keys, and says so, whether anything was done or not."""
    project = str(tiny_project(tmp_path / "tiny", tmp_path / "store"))
    for _ in range(2):
        ended = tool("release", project, "--locked", "-q")
        assert (ended.status, "\nunsigned no key" in ended.out) == (0, True)
    assert json.loads(tool("release", project, "--locked", "-q", "--json").out)["signed"] is False


@pytest.mark.parametrize("builders", ["docker", "", "embedded,podman", "embedded,embedded", "embedded,docker,x"])
def test_builders_that_are_none(builders: str) -> None:
    """The embedded assembler is always among them, and only known ones are taken."""
    result = CliRunner().invoke(cli, ["release", "--builders", builders], catch_exceptions=True)
    assert isinstance(result.exception, UsageError)
    assert result.exception.findings[0].code == "TB8041"
