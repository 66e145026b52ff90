"""``twinbuild simulate`` as a person uses it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.describe.test_page import MANIFEST

from fakes.tool import EXAMPLES, Tool
from twinbuild.codec.canonical import canonical
from twinbuild.model.digest import Digest

EXAMPLE = str(EXAMPLES / "fraud-scorer")


def test_four_cases(tool: Tool) -> None:
    """How each ends; who must agree is named unless everybody does."""
    ended = tool("simulate", EXAMPLE)
    assert ended.status == 0, ended.err
    heads = [line for line in ended.out.splitlines() if not line.startswith(" ")]
    assert heads == [
        "fraud-scorer 1.0.0  canary  4 conditions, looked at every 60 s",
        "good: held back",
        "bad: rolled back",
        "empty: held back",
        "nan: held back",
    ]
    assert "somebody must agree: model-review" in ended.out
    assert "good: promoted" in tool("simulate", EXAMPLE, "--approve").out


def test_a_release(tool: Tool, tmp_path: Path) -> None:
    """The manifest of a release, and its directory, say the same as their spec; of an older version, too."""
    dist = tmp_path / "dist"
    dist.mkdir()
    (dist / "manifest.json").write_bytes(canonical(MANIFEST))
    (dist / "release.digest").write_text(f"{Digest.of(canonical(MANIFEST))}\n")
    said = tool("simulate", EXAMPLE).out
    assert tool("simulate", str(dist)).out == said
    assert tool("simulate", str(dist / "manifest.json")).out == said
    old = tool("simulate", str(Path(__file__).parents[1] / "codec" / "manifest_v1.json"))
    assert (old.status, old.out.split("\n")[1]) == (0, "good: promoted"), old.out


def test_json(tool: Tool) -> None:
    """The same as data; NaN is a text there."""
    ended = tool("simulate", EXAMPLE, "--approve", "--json")
    found = json.loads(ended.out)
    assert [case["end"] for case in found["cases"]] == ["promoted", "rolled back", "held back", "held back"]
    assert [step["weight"] for step in found["cases"][0]["steps"] if step["decision"] == "promote"] == [10, 50]
    assert found["cases"][3]["steps"][0]["seen"]["few-errors"] == "nan"


def test_measurements_of_a_file(tool: Tool, tmp_path: Path) -> None:
    """They take the place of the cases; a fault has its line."""
    path = tmp_path / "project" / "measurements.yaml"
    series = (
        "answers-in-time: 0.05x60\n  few-errors: 0+0x60\n  calls-everything-fraud: 0+0x60\n  many-errors: 0+0x14 0.2x20"
    )
    path.write_text(f"series:\n  {series}\n")
    ended = tool("simulate", EXAMPLE, "--series", "measurements.yaml")
    lines = ended.out.splitlines()
    assert lines[1] == "measurements.yaml: rolled back"
    assert lines[-1] == "  00:19:00-00:19:00   50 %  rollback  many-errors has held for 5m"
    path.write_text("series:\n  slow: 1\n")
    ended = tool("simulate", EXAMPLE, "--series", "measurements.yaml")
    assert ended.status == 2
    assert "measurements.yaml:2:3" in ended.err
    assert "TB7410" in ended.err


def test_a_rollout_of_years(tool: Tool, tmp_path: Path) -> None:
    """It is refused, not cut off: what ends after the last moment that is played would be said to be held back."""
    overlay = tmp_path / "project" / "years.yaml"
    overlay.write_text("rollout: {steps: [{weight: 10, pause: 1000h}, {weight: 50, pause: 1000h}, {weight: 100}]}\n")
    refused = tool("simulate", EXAMPLE, "--overlay", "years.yaml")
    assert refused.status == 2
    assert "error[TB7411]" in refused.err
    assert "120018 looks" in refused.err
