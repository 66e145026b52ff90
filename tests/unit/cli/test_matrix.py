"""``twinbuild matrix``: a table for people, JSON for machines; without a lock it says so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from twinbuild.cli.__main__ import cli

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "fraud-scorer"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The first example with its lock, a second variant that is not locked, and an empty store."""
    monkeypatch.setenv("TWINBUILD_STORE", str(tmp_path / "store"))
    shutil.copytree(EXAMPLE, tmp_path / "project", ignore=shutil.ignore_patterns("dist"))
    return tmp_path / "project"


def test_table(project: Path) -> None:
    """One line for each cell, columns under their titles, and where everything is from."""
    result = CliRunner().invoke(cli, ["matrix", str(project)], catch_exceptions=False)
    title, row, empty, sources = result.stdout.splitlines()
    assert title.split()[:2] == ["VARIANT", "PLATFORM"]
    assert row.startswith("cpu      linux/amd64  none ")
    assert row[title.index("LOCK") :].startswith("fresh")
    assert row.endswith("not built")
    assert empty == ""
    assert sources == "cpu linux/amd64: debian bookworm, index default, suite debian/bookworm"


def test_json(project: Path) -> None:
    """Every field of every cell; sizes are numbers."""
    spec = project / "release.yaml"
    text = spec.read_text("utf-8")
    added = "    - {name: cuda12, accelerator: cuda, cuda: '12.8'}\n    - {name: cpu, "
    spec.write_text(text.replace("    - {name: cpu, ", added), "utf-8")
    result = CliRunner().invoke(cli, ["matrix", "--json", str(project)], catch_exceptions=False)
    answer = json.loads(result.stdout)
    assert (answer["name"], answer["version"]) == ("fraud-scorer", "1.0.0")
    cells = {cell["variant"]: cell for cell in answer["cells"]}
    assert (cells["cuda12"]["lock"], cells["cuda12"]["driver"]) == ("missing", "525.60.13")
    assert cells["cpu"]["lock"] == "stale"
    assert cells["cpu"]["download"] > 50_000_000
