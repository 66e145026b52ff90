"""A release of files that are not in the commit: refused, or said in the manifest and in the provenance."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from fakes.tiny import tiny_project
from fakes.tool import Tool, tool

__all__ = ["tool"]


def _git(directory: Path, *arguments: str) -> None:
    name = ("-c", "user.name=Ada", "-c", "user.email=ada@tests.example")
    subprocess.run(["git", *name, *arguments], cwd=directory, check=True, capture_output=True, timeout=60)


@pytest.mark.parametrize(
    ("source", "policy", "status"), [("", "", 0), ("", "refuse", 8), ("record", "", 8), ("record", "allow", 0)]
)
def test_dirty(tool: Tool, tmp_path: Path, source: str, policy: str, status: int) -> None:
    """Clean it is always released; with a changed file as the policy says."""
    more = f"governance: {{dirty_source: {policy}}}\n" if policy else ""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store", more=more)
    spec = project / "release.yaml"
    if source:
        spec.write_text(spec.read_text().replace("target: /app}", f"target: /app, commit: {source}}}"))
    _git(project, "init", "-q")
    _git(project, "add", ".")
    _git(project, "commit", "-qm", "first")
    for _ in range(2):  # the first release's own output is no change
        ended = tool("release", str(project), "--locked", "-q")
        assert ended.status == 0, ended.err
        assert "differed from" not in ended.out
    assert _modified(project) == (None, None)
    (project / "notes.txt").write_text("not in the commit")
    os.utime(project / "app" / "main.py", (1, 1))  # git looks at whole seconds: now may be when it was written
    spec.write_text(spec.read_text() + "# changed\n")
    for _ in range(2):  # nothing changes what was said of the release when it was made
        ended = tool("release", str(project), "--locked", "-q")
        assert ended.status == status, ended.err
        said = "differed from " in ended.out and "or not in it: app/main.py, notes.txt, release.yaml (" in ended.out
        assert said is not bool(source or policy)
    if status:
        assert "TB8601" in ended.err
        assert "or are not in it: app/main.py, notes.txt, release.yaml\n" in ended.err
    else:
        assert _modified(project) == (True if source or policy else None, True)


def test_refused_before_anything_is_resolved(tool: Tool, tmp_path: Path) -> None:
    """Sources that are not committed are said at once: without a lock, a network would be asked first."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store")
    spec = project / "release.yaml"
    spec.write_text(spec.read_text().replace("target: /app}", "target: /app, commit: record}"))
    _git(project, "init", "-q")
    _git(project, "add", ".")
    _git(project, "commit", "-qm", "first")
    (project / "release.lock").unlink()
    ended = tool("release", str(project), "--offline", "-q")
    assert (ended.status, "TB8601" in ended.err) == (8, True), ended.err
    assert "twinbuild lock" in ended.err
    assert not (project / "release.lock").exists()


def _modified(project: Path) -> tuple[object, object]:
    """What the release manifest and the provenance say."""
    dist = project / "dist" / "tiny-1.0.0"
    manifest = json.loads((dist / "manifest.json").read_bytes())
    provenance = json.loads((dist / "provenance.intoto.json").read_bytes())
    inputs = provenance["predicate"]["buildDefinition"]["resolvedDependencies"]
    (commit,) = [each for each in inputs if each["name"] == "source"]
    return manifest["source"].get("modified"), commit.get("annotations", {}).get("modified")
