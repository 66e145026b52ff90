"""Families: a project of each locks, is built twice alike and answers its golden tests; so does one of one's own."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.families import write_family
from fakes.tool import process
from twinbuild.pipeline.family.families import find_family, list_sheets, shipped_catalogue

ROOT = Path(__file__).resolve().parents[2]
NAMES = [sheet.name for _, sheet in list_sheets((shipped_catalogue(),))]


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.sandbox
@pytest.mark.parametrize("name", NAMES)
def test_conformance(name: str, tmp_path: Path) -> None:
    """`twinbuild family test` ends well; where the hook runs, too (in one of them)."""
    hook = ("--set", "post_assemble=true") if name == "python-service" else ()
    ended = process("family", "test", name, *hook, "--json", directory=tmp_path)
    assert ended.returncode == 0, ended.stderr
    seen = json.loads(ended.stdout)
    assert seen["family"] == f"{name}@1.0.0"
    assert seen["golden"] >= 2
    assert seen["tests"] >= 9
    assert len(seen["images"]) == 1


def _put_own_model(project: Path) -> None:
    """What docs/families.md says under "Put your own model", word for word."""
    _, section = (ROOT / "docs/families.md").read_text().split("\n## Put your own model\n")
    commands, spec = re.findall(r"```(?:yaml)?\n(.*?)```", section.split("\n## ")[0], re.DOTALL)
    for line in commands.splitlines():
        command = line.removeprefix("$ ").replace("twinbuild ", f"{shlex.quote(sys.executable)} -m twinbuild.cli ")
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "generator"), "TWINBUILD_CATALOGUES": str(project.parent)}
        ended = subprocess.run(
            ["bash", "-c", command], cwd=project, env=environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
    with (project / "release.yaml").open("a") as stream:
        stream.write(spec)


_TESTS = """
import json, pathlib, sys, unittest
for name, text in json.loads(sys.argv[1]).items():
    pathlib.Path("/tmp", name).write_text(text)
unittest.main(module=None, argv=["tests", "discover", "-s", "/tmp"])
"""


def _its_tests_pass(project: Path) -> None:
    """The tests that the family gave the project, in its image: bodies of all kinds, failures of the code, load."""
    files = json.dumps({path.name: path.read_text() for path in (project / "tests").glob("*.py")})
    command = shlex.join(["python", "-B", "-c", _TESTS, files])
    ended = process("run", "-q", "--exec", command, directory=project)
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert re.search(r"^Ran (9|[1-9][0-9]+) tests in ", ended.stderr, re.MULTILINE), ended.stderr[-3000:]


@pytest.mark.network
@pytest.mark.sandbox
def test_a_family_of_one_s_own(tmp_path: Path) -> None:
    """A wrong golden answer fails its release by name; another model of one's own is released, pinned and recorded."""
    digest = find_family("python-service", (shipped_catalogue(),)).digest.hex
    template = (
        '{% extends "python-service/release.yaml.j2" %}\n{% block golden %}\n'
        "    - name: zero\n      request: {path: /predict, body: {instances: [[0, 0, 0, 0]]}}\n"
        "      expect:\n        body: {model_version: {{ model_version }}, predictions: [{score: 0.9, positive: true}]}"
        "\n        tolerance: 1.0e-5\n{% endblock %}\n"
    )
    files = {"README.md": "How this family is used, and how it is customised. " * 5, "release.yaml.j2": template}
    sheet = f"extends: python-service@1.0.0\nsha256: '{digest}'\n"
    family = write_family(tmp_path, files, name="ours", sheet=sheet)
    (family / "files/app/main.py").unlink()
    begun = process("init", "--family", "ours", "--catalogue", ".", "new", directory=tmp_path)
    assert begun.returncode == 0, begun.stderr
    wrong = process("release", "--json", directory=tmp_path / "new")
    assert wrong.returncode == 6, wrong.stderr
    (finding,) = json.loads(wrong.stderr.splitlines()[-1])["findings"]
    assert (finding["code"], "golden test 'zero'" in finding["message"]) == ("TB7202", True)
    _put_own_model(tmp_path / "new")
    released = process("release", "--json", directory=tmp_path / "new")
    assert released.returncode == 0, released.stderr
    (output,) = (tmp_path / "new/dist").iterdir()
    manifest = json.loads((output / "manifest.json").read_text())
    assert manifest["extends"]["family"] == "ours@1.0.0"
    assert manifest["extends"]["variables"]["port"] == 8000
    assert [test["name"] for test in manifest["tests"]["golden"]] == ["a-loyal-customer"]
    assert manifest["model"]["version"] == manifest["serving"]["environment"]["MODEL_VERSION"] == "2.0.0"
    places = manifest["provenance"]["files"]
    assert "/metadata/team" in places["release.yaml"] or "/metadata" in places["release.yaml"]
    assert {"/tests/golden", "/model/card/summary"} <= places["release.yaml"].keys()
    assert "/build" in places["release.family.yaml"]
    _its_tests_pass(tmp_path / "new")
    unchanged = process("release", "--json", directory=tmp_path / "new")
    assert json.loads(unchanged.stdout)["release"] == json.loads(released.stdout)["release"]
    with (tmp_path / "new/release.family.yaml").open("a") as stream:
        stream.write("# a comment\n")
    refused = process("release", "--json", directory=tmp_path / "new")
    assert (refused.returncode, json.loads(refused.stderr)["findings"][0]["code"]) == (5, "TB7541")
    assert process("family", "update", "--catalogue", "..", directory=tmp_path / "new").returncode == 0
    with (family / "README.md").open("a") as stream:
        stream.write("changed\n")
    environment = {**os.environ, "TWINBUILD_CATALOGUES": str(tmp_path)}
    locked = subprocess.run(
        [sys.executable, "-m", "twinbuild.cli", "lock", "--json"],
        cwd=tmp_path / "new",
        env={**environment, "PYTHONPATH": str(ROOT / "generator")},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert locked.returncode == 5
    assert json.loads(locked.stderr.splitlines()[-1])["findings"][0]["code"] == "TB7543"
