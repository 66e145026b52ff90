"""Build steps from spec to release: two builds agree or exit with 7 (an extension: oracle/test_docker_builder.py)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.tiny import tiny_project

ROOT = Path(__file__).resolve().parents[2]


def _run(where: Path, store: str, *arguments: str, timeout: int = 900) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "generator")}
    if store:
        environment["TWINBUILD_STORE"] = store
    return subprocess.run(
        (sys.executable, "-m", "twinbuild.cli", *arguments),
        cwd=where,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )


def _release(tmp_path: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Release the tiny project with one step, a text for the shell."""
    steps = f"    - {{name: demo, command: [bash, -ec, {json.dumps(command)}], outputs: [{{path: /models/x}}]}}\n"
    tiny_project(tmp_path / "project", tmp_path / "store", steps=steps)
    return _run(tmp_path / "project", str(tmp_path / "store"), "release", "--locked", "--json")


@pytest.mark.sandbox
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="programs of this machine are run")
@pytest.mark.parametrize(
    ("command", "cause"),
    [
        ("date +%s > /outputs/models/x", "timestamp"),
        ("date +%Y-%m-%d > /outputs/models/x", "timestamp"),
        (
            "echo salt=$SRANDOM$SRANDOM$SRANDOM > /outputs/models/x",
            "",
        ),
    ],
)
def test_a_step_that_differs(command: str, cause: str, tmp_path: Path) -> None:
    """Exit 7, with the step's name, the file and the cause; even of a date, for the second build is on another day."""
    done = _release(tmp_path, command)
    assert done.returncode == 7, done.stderr
    (finding,) = json.loads(done.stderr.splitlines()[-1])["findings"]
    assert finding["code"] == "TB6010"
    assert "layer 'step demo'" in finding["subject"]
    assert "/models/x" in finding["subject"]
    assert f"likely cause: {cause}" in finding["message"]


@pytest.mark.sandbox
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="programs of this machine are run")
def test_a_step_that_agrees(tmp_path: Path) -> None:
    """What it makes is in the image; the order of a directory, the user and the host's name are the same in both."""
    done = _release(tmp_path, "{ ls /; echo $UID $HOSTNAME $TZ $LC_ALL; umask; } > /outputs/models/x")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["images"][0]["layers"] == 6


@pytest.mark.sandbox
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="programs of this machine are run")
def test_a_step_that_fails(tmp_path: Path) -> None:
    """Exit 6, and nothing is released."""
    done = _release(tmp_path, "echo before; cat /inputs/undeclared")
    assert done.returncode == 6
    (finding,) = json.loads(done.stderr.splitlines()[-1])["findings"]
    assert finding["code"] == "TB5303"
    assert re.search(
        r"step 'demo' ended with status 1, .*before .*/inputs/undeclared: No such file", finding["message"], re.DOTALL
    )
    assert not (tmp_path / "project" / "dist").exists()
