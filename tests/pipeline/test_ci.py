"""The GitHub Action, the GitLab jobs and the hooks: their scripts run, in a repository with a history."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

from fakes.tiny import tiny_project
from unit.codec.test_capture import DOCUMENT

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
GITLAB = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text())
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


def _git(repository: Path, *arguments: str) -> str:
    who = [
        part
        for setting in ("user.name=A", "user.email=a@tests.example", "core.hooksPath=/nonexistent")
        for part in ("-c", setting)
    ]
    return subprocess.run(
        ["git", *who, *arguments], cwd=repository, check=True, capture_output=True, text=True, timeout=60
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the first example below ``models/fraud``, at its second commit, and tools of a runner."""
    top = tmp_path / "repository"
    example = top / "models" / "fraud"
    shutil.copytree(ROOT / "examples" / "fraud-scorer", example, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    (top / "README.md").write_text("first\n")
    _git(tmp_path, "init", "-q", "-b", "main", str(top))
    _git(top, "add", "-A")
    _git(top, "commit", "-q", "-m", "first")
    spec = example / "release.yaml"
    spec.write_text(spec.read_text().replace("maximum: 1024", "maximum: 2048"))
    _git(top, "commit", "-q", "-a", "-m", "second")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "twinbuild"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m twinbuild.cli "$@"\n')
    program.chmod(0o755)
    return top


def _run(script: str, repository: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A script as a runner has it: bash that stops at the first failure."""
    place = repository.parent
    temporary = place / "its own place"  # with blanks, as runners of people have it
    temporary.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "generator"),
        "RUNNER_TEMP": str(temporary),
        "GITHUB_STEP_SUMMARY": str(place / "summary.md"),
        "GITHUB_OUTPUT": str(place / "output"),
        "TWINBUILD": "twinbuild",
        **variables,
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def _step(name: str) -> str:
    (step,) = [step for step in ACTION["runs"]["steps"] if step["name"] == name]
    script: str = step["run"]
    return script


def _job(name: str) -> str:
    return "\n".join(GITLAB[name]["script"])


CHECKS = [
    ("Check the spec and its conventions", "twinbuild-check"),
    ("Check that the lock is fresh", "twinbuild-check"),
]


@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_checks(repository: Path, system: str) -> None:
    """A fresh lock passes; a changed requirement, an unusual version and a spec that is none do not, each by name."""
    scripts = [_step(name) for name, _ in CHECKS] if system == "github" else [_job("twinbuild-check")]
    spec = repository / "models" / "fraud" / "release.yaml"
    text = spec.read_text()
    for change, code in (
        (("fastapi==0.165.0", "fastapi==0.165.0"), ""),
        (("fastapi==0.165.0", "fastapi==0.164.0"), "TB2220"),
        (("  version: 1.0.0", "  version: v1"), "TB7620"),
        (("  team:", "  teem:"), "TB1101"),
    ):
        spec.write_text(text.replace(*change))
        for script in scripts:
            ended = _run(script, repository, SPEC="models/fraud")
            if ended.returncode:  # a runner does not begin the next step
                break
        assert bool(ended.returncode) == bool(code), ended
        assert code in ended.stderr


@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_what_changes(repository: Path, system: str) -> None:
    """The comparison with the base as Markdown; where the base has none, that; nothing is left in the checkout."""
    base = _git(repository, "rev-parse", "HEAD~1")
    for spec, word in (
        ("models/fraud", "parameters batch\\_limit maximum | 1024 | 2048"),
        ("models/none", "A new release"),
    ):
        if system == "github":
            ended = _run(_step("Show what changes"), repository, SPEC=spec, BASE=base)
            found = (repository.parent / "summary.md").read_text()
        else:
            ended = _run(_job("twinbuild-diff"), repository, SPEC=spec, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
            found = ended.stdout
            (repository / "parity.md").unlink()
        assert ended.returncode == 0, ended.stderr
        assert word in found
        assert _git(repository, "status", "--porcelain") == ""
        assert len(_git(repository, "worktree", "list").splitlines()) == 1


@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_what_changes_after_a_failure(repository: Path, system: str) -> None:
    """A comparison that fails leaves no worktree behind: the next one of the same job is made."""
    base = _git(repository, "rev-parse", "HEAD~1")
    script = _step("Show what changes") if system == "github" else _job("twinbuild-diff")
    if system == "gitlab":  # as its runner starts it
        script = f"set -eo pipefail\n: | eval {shlex.quote(script)}\nexit 0\n"
    spec = repository / "models" / "fraud" / "release.yaml"
    text = spec.read_text()
    for content, fails in (("a: [\n", True), (text, False)):
        spec.write_text(content)
        ended = _run(script, repository, SPEC="models/fraud", BASE=base, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
        assert bool(ended.returncode) == fails, ended.stderr
        assert len(_git(repository, "worktree", "list").splitlines()) == 1


def _released(repository: Path, name: str, old: str = "", new: str = "") -> str:
    """A release manifest that lies alone: the first version's, with one value of another."""
    content = (ROOT / "tests" / "unit" / "codec" / "manifest_v1.json").read_bytes()
    assert old.encode() in content
    (repository.parent / name).write_bytes(content.replace(old.encode(), new.encode()))
    return str(repository.parent / name)


@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_promotion(repository: Path, system: str) -> None:
    """The same release passes; one with another knob is stopped and says why, whatever its risk, or from a level on."""
    release, other = _released(repository, "a.json"), _released(repository, "b.json", '"default":64', '"default":65')
    words = _released(repository, "c.json", "Most transactions", "Few transactions")
    for running, level, status in ((release, "low", 0), (other, "low", 1), (words, "low", 1), (words, "high", 0)):
        script = _step("Gate the promotion by parity") if system == "github" else _job("twinbuild-promote")
        ended = _run(script, repository, RELEASE=release, RUNNING=running, FAIL_ON=level)
        assert ended.returncode == status, ended.stderr
    if system == "github":
        assert "parameters batch\\_limit default" in (repository.parent / "summary.md").read_text()
    else:
        ET.parse(repository / "parity.xml")
    ended = _run(script, repository, RELEASE=f"{repository}/none", RUNNING=other, FAIL_ON="low")
    assert ended.returncode == 2
    ended = _run(script, repository, RELEASE=release, RUNNING=other, FAIL_ON="low", STAGE="none")
    assert (ended.returncode, "TB7605" in ended.stderr) == (2, True)
    capture = repository.parent / "capture.json"
    capture.write_text(json.dumps(DOCUMENT))
    for complete, status in (("true", 1), ("", 1), ("false", 0)):
        ended = _run(script, repository, RELEASE=release, RUNNING=str(capture), FAIL_ON="never", COMPLETE=complete)
        assert ended.returncode == status, ended.stderr
    ended = _run(script, repository, RELEASE=release, RUNNING="", FAIL_ON="low")
    assert (ended.returncode, "empty" in ended.stdout + ended.stderr) == (2, True)


@pytest.mark.network
def test_installed(repository: Path) -> None:
    """The action installs what its lock pins by digest, and puts the program on the path."""
    path = repository.parent / "path"
    where = {"GITHUB_ACTION_PATH": str(ROOT), "GITHUB_PATH": str(path), "PYTHON": "python3"}
    where["PIP_NO_COMPILE"] = "0"  # which is how pip is told not to compile
    ended = _run(_step("Install twinbuild"), repository, **where)
    assert ended.returncode == 0, ended.stderr
    program = Path(path.read_text().strip()) / "twinbuild"
    shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=60, env={})
    assert shown.stdout.startswith("twinbuild ")


def test_a_python_that_is_too_old(repository: Path) -> None:
    """It is refused by name, before anything is installed into it."""
    old = repository.parent / "bin" / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2\nexit 1\n')
    old.chmod(0o755)
    ended = _run(_step("Install twinbuild"), repository, PYTHON="python3.9", GITHUB_ACTION_PATH=str(ROOT))
    assert (ended.returncode, "got Python 3.9.2" in ended.stdout) == (2, True)
    assert not (repository.parent / "its own place" / "twinbuild").exists()


def test_no_gate_beside_what_it_guards() -> None:
    """The stage of GitLab's gate comes before `deploy` in its default order, and after that in which it is made."""
    stages = {name: job["stage"] for name, job in GITLAB.items() if name.startswith("twinbuild-")}
    assert stages.pop("twinbuild-release") == "build"
    assert [*stages.values()] == ["test"] * 3


def test_made_and_gated(repository: Path) -> None:
    """GitLab's release is what its gate then looks at: it passes beside itself; of a stale lock there is none."""
    project = tiny_project(repository / "tiny", repository.parent / "store")
    where = {"SPEC": "tiny", "RELEASE": "made", "TWINBUILD_STORE": str(repository.parent / "store")}
    assert GITLAB["twinbuild-release"]["artifacts"]["paths"] == ["$RELEASE"]
    made = _run(_job("twinbuild-release"), repository, **where)
    assert made.returncode == 0, made.stderr
    gate = {**where, "STAGE": "", "RUNNING_STAGE": "", "FAIL_ON": "low"}
    passed = _run(_job("twinbuild-promote"), repository, **gate, RUNNING="made", COMPLETE="true")
    assert passed.returncode == 0, passed.stderr
    other = _released(repository, "a.json")
    assert _run(_job("twinbuild-promote"), repository, **gate, RUNNING=other, COMPLETE="false").returncode == 1
    shutil.rmtree(repository / "made")
    spec = project / "release.yaml"
    spec.write_text(spec.read_text().replace("beta==1", "beta==2"))
    stale = _run(_job("twinbuild-release"), repository, **where)
    assert (stale.returncode, (repository / "made").exists()) == (3, False), stale.stderr


def test_no_value_becomes_code(repository: Path) -> None:
    """Inputs reach scripts as variables, never as their text; a name that is a command is a name."""
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"], step["name"]
    ended = _run(_step("Check that the lock is fresh"), repository, SPEC="$(touch x); touch y; `touch z`")
    assert ended.returncode == 2
    assert _git(repository, "status", "--porcelain") == ""


def test_against_the_schemas_of_others() -> None:
    """What GitHub and GitLab take, by the schemas that check-jsonschema carries; pre-commit reads our hooks itself."""
    program = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    for schema, path in (("vendor.github-actions", "action.yml"), ("vendor.gitlab-ci", "ci/gitlab.yml")):
        completed = subprocess.run(
            [*program, schema, *(["--data-transform", "gitlab-ci"] if "gitlab" in schema else []), ROOT / path],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert completed.returncode == 0, completed.stdout
    validated = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert validated.returncode == 0, validated.stdout


def test_hooks(repository: Path) -> None:
    """pre-commit runs each hook's command: all pass, then each finds what is its own."""
    example = repository / "models" / "fraud"
    hooks: list[dict[str, Any]] = [
        {**hook, "language": "system", "args": ["models/fraud"]} for hook in HOOKS
    ]  # the tool of this checkout, not one that is installed anew
    configuration = {"repos": [{"repo": "local", "hooks": hooks}]}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(configuration))
    _git(repository, "add", "-A")
    script = f"{shlex.quote(sys.executable)} -m pre_commit run --all-files"
    home = {"PRE_COMMIT_HOME": str(repository.parent / "pre-commit")}
    ended = _run(script, repository, **home)
    assert ended.returncode == 0, ended.stdout
    assert ended.stdout.count("Passed") == len(HOOKS) == 3
    (example / "app" / "service" / "main.py").write_text("changed\n")
    ended = _run(script, repository, **home)
    assert ended.returncode == 1
    assert "TB2253" in ended.stdout
    assert ended.stdout.count("Passed") == 2


@pytest.mark.network
@pytest.mark.slow
def test_hooks_that_are_installed(repository: Path) -> None:
    """pre-commit installs them from a repository of ours, as people do, and runs one."""
    ours = repository.parent / "ours"
    ours.mkdir()
    for name in ("generator", "templates", "lockfiles"):
        shutil.copytree(ROOT / name, ours / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, ours / name)
    _git(repository.parent, "init", "-q", "-b", "main", str(ours))
    _git(ours, "add", "-A")
    _git(ours, "commit", "-q", "-m", "first")
    shutil.copy(repository / "models" / "fraud" / "release.yaml", repository / "release.yaml")
    _git(repository, "add", "-A")
    script = f"{shlex.quote(sys.executable)} -m pre_commit try-repo {shlex.quote(str(ours))} twinbuild-spec --all-files"
    ended = _run(script, repository, PRE_COMMIT_HOME=str(repository.parent / "pre-commit"), PYTHONPATH="")
    assert ended.returncode == 0, ended.stdout
    assert "Passed" in ended.stdout
