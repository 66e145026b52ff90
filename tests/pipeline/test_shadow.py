"""Shadow on two real releases: the first example, and one whose code decides otherwise."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.pipeline.test_examples import ROOT

from fakes.tool import process

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.sandbox]


def _released(directory: Path, *, changed: bool) -> None:
    ignored = shutil.ignore_patterns("dist", "__pycache__")
    shutil.copytree(ROOT / "examples" / "fraud-scorer", directory, ignore=ignored)
    if changed:
        spec, code = directory / "release.yaml", directory / "app" / "service" / "main.py"
        spec.write_text(spec.read_text().replace("  version: 1.0.0", "  version: 1.1.0", 1))
        before = code.read_text()
        code.write_text(before.replace("fraud=score >= limit", "fraud=score < limit"))
        assert code.read_text() != before
        # What the changed code answers is no longer what the golden tests expect.
        text = spec.read_text().replace("fraud: true}", "fraud: TURNED}").replace("fraud: false}", "fraud: true}")
        spec.write_text(text.replace("fraud: TURNED}", "fraud: false}"))
    done = process("release", "-q", directory=directory)
    assert done.returncode == 0, done.stderr


def test_two_releases(tmp_path: Path) -> None:
    """A release has the answers of itself; another one has others, each named with its place; exit 1."""
    _released(tmp_path / "one", changed=False)
    _released(tmp_path / "other", changed=True)
    same = process("shadow", "one", "one", "--json", "--repeat", "2", directory=tmp_path)
    assert same.returncode == 0, same.stderr
    assert json.loads(same.stdout)["differing"] == 0
    other = process("shadow", "one", "other", "--json", "--repeat", "2", directory=tmp_path)
    assert other.returncode == 1, other.stderr
    found = json.loads(other.stdout)
    assert [each["name"] for each in found["sides"]] == ["fraud-scorer 1.0.0", "fraud-scorer 1.1.0"]
    first = found["requests"][0]
    assert (first["pointer"], first["first"], first["second"]) == ("/verdicts/0/fraud", "true", "false")
    assert found["differing"] == 3
    assert [side["answers"] for side in found["sides"]] == [6, 6]
    alike = process("shadow", "one", "other", "-q", "--ignore", "/verdicts/*/fraud", directory=tmp_path)
    assert alike.returncode == 0, alike.stdout
    assert "3 requests, 0 with another answer" in alike.stdout
