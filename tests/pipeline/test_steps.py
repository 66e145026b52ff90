"""Build steps from spec to release: two builds agree or exit with 7, and a compiled extension works in the image."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.tiny import tiny_project

ROOT = Path(__file__).resolve().parents[2]
PYTHON_OF_IMAGE = "/opt/venv/bin/python"
EXTENSION = """\
apiVersion: twinbuild/v1
kind: Release
metadata:
  name: extension
  version: 1.0.0
  team: tests
  owners: [{name: Ada Example, email: ada@tests.example}]
  date: 2026-11-01
source: {directory: app, target: /app}
model: {family: none, version: 1.0.0}
environment:
  base: {debian: {suite: bookworm}}
  python: "3.11"
  steps:
    - name: convert
      command: [python, /inputs/application/tools/convert.py, /inputs/application/words.txt, /outputs/models/words.json]
      inputs: {application: [tools, words.txt]}
      outputs: [{path: /models/words.json}]
    - name: markupsafe
      command:
        - sh
        - -ec
        - >-
          tar -xf /inputs/sdists/markupsafe-3.0.2.tar.gz;
          python -m pip install --no-index --no-deps --no-build-isolation --no-compile
          --target=/outputs/opt/venv/lib/python3.11/site-packages ./markupsafe-3.0.2
      environment: {CFLAGS: -g0}
      inputs: {sdists: [markupsafe==3.0.2]}
      packages: [gcc, libc6-dev, python3-dev]
      wheels: [pip, setuptools, wheel]
      outputs: [{path: /opt/venv/lib/python3.11/site-packages, kind: directory}]
serving:
  command: [python, -m, main]
  ports: [{name: http, port: 8000}]
"""
CONVERT = """\
import json, pathlib, sys
source, target = map(pathlib.Path, sys.argv[1:])
target.write_text(json.dumps(sorted(source.read_text().split())))
"""


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


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.sandbox
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="programs of this machine are run")
def test_an_extension_is_compiled(tmp_path: Path) -> None:
    """A real sdist is compiled twice by Debian's gcc to the same bytes, and the image imports what came of it."""
    (tmp_path / "app" / "tools").mkdir(parents=True)
    (tmp_path / "release.yaml").write_text(EXTENSION)
    (tmp_path / "app" / "main.py").write_text("")
    (tmp_path / "app" / "words.txt").write_text("b\na\n")
    (tmp_path / "app" / "tools" / "convert.py").write_text(CONVERT)
    done = _run(tmp_path, "", "release", "--json")
    assert done.returncode == 0, done.stderr
    lock = json.loads((tmp_path / "release.lock").read_text())
    (target,) = lock["targets"]
    convert, compiled = target["steps"]
    assert convert["debs"] == convert["wheels"] == []
    assert {"gcc", "libc6-dev", "python3-dev"} <= {deb["name"] for deb in compiled["debs"]}
    assert [sdist["filename"] for sdist in compiled["sdists"]] == ["markupsafe-3.0.2.tar.gz"]
    program = (
        "import json, markupsafe, markupsafe._speedups as fast; from importlib.metadata import version;"
        "print(fast.__file__, markupsafe.escape('<'), version('markupsafe'), json.load(open('/models/words.json')))"
    )
    ran = _run(tmp_path, "", "run", "--quiet", "--exec", shlex.join((PYTHON_OF_IMAGE, "-c", program)))
    assert ran.returncode == 0, ran.stderr
    site = "/opt/venv/lib/python3.11/site-packages/markupsafe"
    assert ran.stdout == f"{site}/_speedups.cpython-311-x86_64-linux-gnu.so &lt; 3.0.2 ['a', 'b']\n"
    ran = _run(tmp_path, "", "run", "--quiet", "--exec", "/usr/bin/gcc --version")
    assert ran.returncode != 0  # what it was compiled with is not in the image
    provenance = next((tmp_path / "dist").iterdir()) / "provenance.intoto.json"
    materials = json.loads(provenance.read_text())["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert {"markupsafe-3.0.2.tar.gz"} < {entry["name"] for entry in materials}
