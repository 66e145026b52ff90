"""A release of files that are not in the commit: refused, or said in the manifest and in the provenance."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from fakes.tiny import tiny_project
from fakes.tool import EXAMPLES, Tool, tool

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
    os.utime(project / "app" / "main.py", (1, 1))  # times make no difference
    spec.write_text(spec.read_text() + "# changed\n")
    for _ in range(2):  # nothing changes what was said of the release when it was made
        ended = tool("release", str(project), "--locked", "-q")
        assert ended.status == status, ended.err
        said = "differed from " in ended.out and "or not in it: notes.txt, release.yaml (" in ended.out
        assert said is not bool(status)
    if status:
        assert "TB8601" in ended.err
        assert "or are not in it: notes.txt, release.yaml\n" in ended.err
    else:
        assert _modified(project) == (True, True)


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


def _committed(project: Path, *, ignore: str = "") -> None:
    if ignore:
        (project / ".gitignore").write_text(ignore)
    _git(project, "init", "-q")
    _git(project, "add", ".")
    _git(project, "commit", "-qm", "first")


@pytest.mark.parametrize(
    ("source", "policy", "status"), [("", "", 0), ("", "refuse", 8), ("record", "", 8), ("record", "allow", 0)]
)
def test_files_that_git_ignores(tool: Tool, tmp_path: Path, source: str, policy: str, status: int) -> None:
    """What goes into the image is not in the commit because git ignores it; what the spec ignores does not go there."""
    project = tiny_project(
        tmp_path / "tiny", tmp_path / "store", more=f"governance: {{dirty_source: {policy}}}\n" if policy else ""
    )
    (project / "app" / "local.py").write_text("SECRET = 1\n")
    (project / "app" / "notes.md").write_text("none of the application\n")
    (project / "app" / "linked.md").symlink_to("notes.md")
    (project / "app" / "__pycache__").mkdir()
    (project / "app" / "__pycache__" / "main.cpython-311.pyc").write_bytes(b"")
    spec = project / "release.yaml"
    commit = f", commit: {source}" if source else ""
    spec.write_text(spec.read_text().replace("target: /app}", f"target: /app, ignore: [notes.md]{commit}}}"))
    _committed(project, ignore="__pycache__/\napp/local.py\napp/notes.md\n")
    # the lock is that of other files: what is refused is said before it is looked at
    ended = tool("release", str(project), "--locked", "-q", "--offline")
    assert (ended.status, "TB8601" in ended.err) == (status or 3, bool(status)), ended.err
    if status:
        assert "or are not in it: app/local.py, app/notes.md\n" in ended.err
        return
    assert tool("lock", str(project), "--offline", "-q").status == 0
    _git(project, "add", ".")
    _git(project, "commit", "-qm", "second")
    ended = tool("release", str(project), "--locked", "-q")
    assert ended.status == 0, ended.err
    assert _modified(project) == (True, True)
    assert _observed(project) is True
    assert "not in it: app/local.py, app/notes.md (" in ended.out


@pytest.mark.parametrize(
    ("ignored", "named"),
    [
        ("*.skops", "model/classifier.skops"),
        ("schemas/", "schemas/input.json, schemas/output.json"),
        ("release.lock", "release.lock"),
        ("/release.yaml", "release.yaml"),
        ("README.md", ""),
    ],
)
def test_other_files_that_git_ignores(tool: Tool, tmp_path: Path, ignored: str, named: str) -> None:
    """Weights, schemas, lock and spec decide the release as the application does; a README does not."""
    project = tmp_path / "scorer"
    shutil.copytree(EXAMPLES / "fraud-scorer", project, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    spec = project / "release.yaml"
    spec.write_text(spec.read_text().replace("governance:\n", "governance:\n  dirty_source: refuse\n"))
    (project / "README.md").write_text("nothing of the release\n")
    _committed(project, ignore=f"{ignored}\n")
    ended = tool("release", str(project), "--locked", "--offline", "-q")
    # where nothing differs it goes on, and lacks what a store has
    assert (ended.status, "TB8601" in ended.err) == (8 if named else 3, bool(named)), ended.err
    assert f"or are not in it: {named}\n" in ended.err or not named


def test_no_commit_to_hold_files_against(tool: Tool, tmp_path: Path) -> None:
    """`refuse` refuses what nobody can tell: no repository, and a repository without a commit."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store", more="governance: {dirty_source: refuse}\n")
    for _ in range(2):
        ended = tool("release", str(project), "--locked", "-q")
        assert (ended.status, "TB8601" in ended.err) == (8, True), ended.err
        assert "git knows no commit" in ended.err
        assert f"release.yaml:{len((project / 'release.yaml').read_text().splitlines())}:" in ended.err
        assert not (project / "dist").exists()
        _git(project, "init", "-q")


@pytest.mark.parametrize(
    ("source", "policy", "status"), [("", "", 0), ("", "refuse", 8), ("record", "", 8), ("record", "allow", 0)]
)
def test_git_that_fails(tool: Tool, tmp_path: Path, source: str, policy: str, status: int) -> None:
    """Where git can't say which files differ, nobody says that none does."""
    project = tiny_project(
        tmp_path / "tiny", tmp_path / "store", more=f"governance: {{dirty_source: {policy}}}\n" if policy else ""
    )
    spec = project / "release.yaml"
    if source:
        spec.write_text(spec.read_text().replace("target: /app}", f"target: /app, commit: {source}}}"))
    _committed(project)
    (project / ".git" / "index").write_bytes(b"garbage")
    ended = tool("release", str(project), "--locked", "-q")
    assert (ended.status, "TB8601" in ended.err) == (status, bool(status)), ended.err
    if status:
        assert "git could not say which files differ" in ended.err
        assert "index file" in ended.err
        return
    assert _modified(project) == (True, True)
    assert _observed(project) is True
    assert "git could not say what differs" in ended.out


def _observed(project: Path) -> object:
    return json.loads((project / "dist" / "tiny-1.0.0" / "run.json").read_bytes())["commit"]["modified"]


def _modified(project: Path) -> tuple[object, object]:
    """What the release manifest and the provenance say."""
    dist = project / "dist" / "tiny-1.0.0"
    manifest = json.loads((dist / "manifest.json").read_bytes())
    provenance = json.loads((dist / "provenance.intoto.json").read_bytes())
    inputs = provenance["predicate"]["buildDefinition"]["resolvedDependencies"]
    (commit,) = [each for each in inputs if each["name"] == "source"]
    return manifest["source"].get("modified"), commit.get("annotations", {}).get("modified")
