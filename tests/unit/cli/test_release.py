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


def test_another_digest_under_the_same_version(tool: Tool, tmp_path: Path) -> None:
    """It is said once, with the digest that was there before; a new version, or no change, is no such thing."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store")
    spec = project / "release.yaml"

    def released(*arguments: str) -> str:
        ended = tool("release", str(project), "--locked", "-q", *arguments)
        assert ended.status == 0, ended.err
        return ended.out

    assert "\nchanged  " not in released()
    first = (project / "dist" / "tiny-1.0.0" / "release.digest").read_text().strip()
    spec.write_text(spec.read_text().replace("team: tests", "team: others"))
    assert f"\nchanged  1.0.0 was {first} before: a release that went out" in released()
    assert "\nchanged  " not in released()
    assert json.loads(released("--json"))["previous"] is None
    assert "\nchanged  " not in released("--paranoid")  # which does everything again
    second = (project / "dist" / "tiny-1.0.0" / "release.digest").read_text().strip()
    spec.write_text(spec.read_text().replace("team: others", "team: more"))
    assert json.loads(released("--json"))["previous"] == second != first
    spec.write_text(spec.read_text().replace("version: 1.0.0\n  team", "version: 1.0.1\n  team"))
    assert "\nchanged  " not in released()
    assert "\nchanged  " not in released("--output", str(project / "dist" / "tiny-1.0.0"))


@pytest.mark.parametrize("builders", ["docker", "", "embedded,podman", "embedded,embedded", "embedded,docker,x"])
def test_builders_that_are_none(builders: str) -> None:
    """The embedded assembler is always among them, and only known ones are taken."""
    result = CliRunner().invoke(cli, ["release", "--builders", builders], catch_exceptions=True)
    assert isinstance(result.exception, UsageError)
    assert result.exception.findings[0].code == "TB8041"
