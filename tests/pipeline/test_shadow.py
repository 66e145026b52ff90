"""Shadow on two real releases: a small service, and one whose code decides otherwise."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fakes.tool import process

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.sandbox]


def _decides_otherwise(service: Path, directory: Path) -> None:
    """The next version of a service, whose code decides otherwise, and whose golden tests expect that."""
    shutil.copytree(service, directory, ignore=shutil.ignore_patterns("dist"))
    spec, code = directory / "release.yaml", directory / "app" / "service" / "rows.py"
    before = code.read_text()
    code.write_text(before.replace("positive=score >= THRESHOLD", "positive=score < THRESHOLD"))
    assert code.read_text() != before
    turned = (("a-positive-row", 0.998227584, "false"), ("a-negative-row", 0.003057936, "true"))
    golden = "".join(
        f"    - {{name: {name}, expect: {{body: {{model_version: 1.0.0, "
        f"predictions: [{{score: {score}, positive: {positive}}}]}}}}}}\n"
        for name, score, positive in turned
    )
    text = spec.read_text().replace('  version: "0.1.0"', "  version: 0.2.0", 1)
    spec.write_text(f"{text}\ntests:\n  golden:\n{golden}")
    done = process("release", "-q", directory=directory)
    assert done.returncode == 0, done.stderr


def test_two_releases(service: Path, tmp_path: Path) -> None:
    """A release has the answers of itself; another one has others, each named with its place; exit 1."""
    one, other = str(service), str(tmp_path / "other")
    _decides_otherwise(service, tmp_path / "other")
    same = process("shadow", one, one, "--json", "--repeat", "2", directory=tmp_path)
    assert same.returncode == 0, same.stderr
    assert json.loads(same.stdout)["differing"] == 0
    turned = process("shadow", one, other, "--json", "--repeat", "2", directory=tmp_path)
    assert turned.returncode == 1, turned.stderr
    found = json.loads(turned.stdout)
    assert [each["name"] for each in found["sides"]] == ["service 0.1.0", "service 0.2.0"]
    first = found["requests"][0]
    assert (first["pointer"], first["first"], first["second"]) == ("/predictions/0/positive", "true", "false")
    assert found["differing"] == 2
    assert [side["answers"] for side in found["sides"]] == [4, 4]
    alike = process("shadow", one, other, "-q", "--ignore", "/predictions/*/positive", directory=tmp_path)
    assert alike.returncode == 0, alike.stdout
    assert "2 requests, 0 with another answer" in alike.stdout
