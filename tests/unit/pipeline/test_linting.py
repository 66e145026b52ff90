"""``pipeline.linting``: conventions.toml, and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.tiny import tiny_project
from twinbuild.errors import UsageError
from twinbuild.pipeline.linting import conventions_of, lint
from twinbuild.pipeline.project import open_project


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The tiny project, which has no description."""
    return tiny_project(tmp_path / "tiny", tmp_path / "store")


def test_chosen(directory: Path) -> None:
    """The scheme, rules that do not count, and a changelog that must have the version."""
    assert [item.code for item in lint(open_project(directory))] == ["TB7626"]
    (directory / "conventions.toml").write_text('ignore = ["TB7626"]\nversions = "any"\nchangelog = "NEWS"\n')
    assert conventions_of(open_project(directory)).versions == "any"
    assert [item.code for item in lint(open_project(directory))] == ["TB7627"]
    (directory / "NEWS").write_text("1.0.0 is the first one.")
    assert lint(open_project(directory)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "versions = ",
        "\xff",
        'version = "semver"',
        'versions = "semantic"',
        'ignore = "TB7620"',
        'ignore = ["TB9999"]',
        "ignore = [[]]",
        'changelog = "../CHANGELOG.md"',
        'changelog = "/etc/passwd"',
        "changelog = 1",
    ],
)
def test_none(directory: Path, text: str) -> None:
    """No TOML, unknown keys and values, files outside of the project: TB7630, exit 2."""
    (directory / "conventions.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError) as caught:
        lint(open_project(directory))
    assert (caught.value.findings[0].code, caught.value.exit_code) == ("TB7630", 2)
