"""``pipeline.parity``: two releases, a release and a capture, two captures; ``pipeline/test_parity.py`` runs images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fakes.tiny import tiny_project, tiny_release
from fakes.tool import Tool, tool
from twinbuild.pipeline.parity import Capture, parity, read_side
from unit.codec.test_capture import DOCUMENT

__all__ = ["tool"]


@pytest.fixture
def dist(tool: Tool, tmp_path: Path) -> Path:
    """The release of the tiny project."""
    return tiny_release(tool, tmp_path)


def _capture(where: Path, document: dict[str, Any]) -> Path:
    where.write_text(json.dumps(document))
    return where


def test_a_capture(tool: Tool, dist: Path, tmp_path: Path) -> None:
    """What was seen, in either order; of a virtual environment what was not compared is said."""
    packages = [{"name": name, "version": "1", "record": ""} for name in ("alpha", "beta")]
    bare = DOCUMENT | {"packages": packages}
    seen = read_side(_capture(tmp_path / "venv.json", bare))
    assert isinstance(seen, Capture)
    found = parity(read_side(dist), seen)
    assert found.differences == ()
    assert "captured outside of an image" in found.notes[0]
    (changed,) = parity(
        read_side(_capture(tmp_path / "b.json", bare | {"packages": packages[:1]})), read_side(dist)
    ).differences
    assert (changed.what, changed.first, changed.second) == ("installed beta", "(none)", "1")
    two = parity(seen, read_side(tmp_path / "b.json"))
    assert [item.what for item in two.differences] == ["installed beta"]
    assert two.names == ("a captured environment", "a captured environment")


def test_which_target(tool: Tool, tmp_path: Path) -> None:
    """A capture of no target of the release, or of one of several where nothing says which."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store", variants=("one", "two"))
    assert tool("release", str(project), "--locked", "-q").status == 0
    capture = _capture(tmp_path / "c.json", DOCUMENT)
    for arguments, code in (((), "TB7603"), (("--variant", "three"), "TB7603")):
        ended = tool("parity", str(project), str(capture), *arguments)
        assert (ended.status, code in ended.err) == (2, True), ended.err
    assert "expected one of one (linux/amd64), two (linux/amd64)" in ended.err
    assert tool("parity", str(project), str(capture), "--variant", "one").status == 1


def test_one_line_for_another_version(dist: Path, tmp_path: Path) -> None:
    """A package of another version has another RECORD, which is not said twice; of the same version it is said."""
    within = {"name": "tiny", "version": "1.0.0", "variant": "cpu", "platform": "linux/amd64"}
    packages = [
        {"name": "alpha", "version": "2", "record": "sha256:x"},
        {"name": "beta", "version": "1", "record": "x"},
    ]
    document = DOCUMENT | {"release": within, "packages": packages}
    found = parity(read_side(dist), read_side(_capture(tmp_path / "c.json", document)))
    listed = [item.what for item in found.differences if item.section == "packages"]
    assert listed == ["installed alpha", "record beta"]


def test_variables_of_the_image(dist: Path, tmp_path: Path) -> None:
    """What the image sets is known, and drift where it is set to something else."""
    within = {"name": "tiny", "version": "1.0.0", "variant": "cpu", "platform": "linux/amd64"}
    document = DOCUMENT | {"release": within, "environment": ["LANG", "VIRTUAL_ENV"]}
    for language, drift in (("C.UTF-8", []), ("C", ["values LANG"])):
        seen = _capture(tmp_path / "c.json", document | {"variables": {"LANG": language}})
        found = parity(read_side(dist), read_side(seen))
        assert [item.what for item in found.differences if item.section == "configuration"] == drift
        (tmp_path / "alone.json").write_bytes((dist / "manifest.json").read_bytes())
        found = parity(read_side(tmp_path / "alone.json"), read_side(seen))
        assert [item.what for item in found.differences if item.section == "configuration"] == []
        assert any("variables that the image sets" in note for note in found.notes)
