"""Every impurity in the code of the assembler is caught by the second build and named; without it all is equal."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.impurities import IMPURITIES, Impurity, sitecustomize
from fakes.tiny import tiny_project

ROOT = Path(__file__).resolve().parents[2]


def _twinbuild(directory: Path, *arguments: str, impurity: str = "") -> subprocess.CompletedProcess[str]:
    """``twinbuild`` on the tiny project, with the impurity in its own process and in that of the second build."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/home/tester",
        "TWINBUILD_TEST_USER": str(os.getuid()),
        "TWINBUILD_STORE": str(directory / "store"),
        "TMPDIR": str(directory / "tmp"),
        "PYTHONPATH": str(ROOT / "generator"),
    }
    if impurity:
        hook = directory / "hook"
        hook.mkdir(exist_ok=True)
        wrapper = directory / "python"
        path = f"{hook}:{ROOT / 'generator'}"
        wrapper.write_text(f'#!/bin/sh\nPYTHONPATH="{path}" exec "{sys.executable}" "$@"\n')
        wrapper.chmod(0o755)
        (hook / "sitecustomize.py").write_text(sitecustomize(impurity, wrapper))
        environment["PYTHONPATH"] = path
    return subprocess.run(
        [sys.executable, "-m", "twinbuild.cli", *arguments],
        cwd=directory / "project",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def _prepare(directory: Path, impurity: Impurity | None = None) -> None:
    (directory / "tmp").mkdir()
    compression = impurity.compression if impurity else "zstd"
    bytecode = impurity.bytecode if impurity else False
    tiny_project(directory / "project", directory / "store", compression=compression, bytecode=bytecode)


@pytest.mark.parametrize("name", IMPURITIES)
def test_impurity_is_caught_and_named(name: str, tmp_path: Path) -> None:
    """Exit 7 with layer, file, cause and remedy; nothing is released, and what was released before stays."""
    impurity = IMPURITIES[name]
    _prepare(tmp_path, impurity)
    kept = tmp_path / "project" / "dist" / "tiny-0.9.0"
    kept.mkdir(parents=True)
    (kept / "manifest.json").write_text("{}")
    done = _twinbuild(tmp_path, "release", "--locked", "--json", impurity=name)
    assert done.returncode == 7, done.stderr
    assert done.stdout == ""
    findings = json.loads(done.stderr.splitlines()[-1])["findings"]
    assert {finding["code"] for finding in findings} == {"TB6010"}
    where = [f"cpu linux/amd64, layer {impurity.layer!r}", *([f"/{impurity.path}"] if impurity.path else [])]
    found = [finding for finding in findings if all(part in finding.get("subject", "") for part in where)]
    assert found, findings
    causes = {match[1] for finding in found if (match := re.search(r"likely cause: ([\w-]+),", finding["message"]))}
    assert causes == {impurity.cause}, found
    assert all(finding["remedy"] for finding in found)
    assert [path.name for path in (tmp_path / "project" / "dist").iterdir()] == ["tiny-0.9.0"]
    assert [path.name for path in kept.iterdir()] == ["manifest.json"]


@pytest.mark.parametrize("compression", ["zstd", "gzip"])
def test_without_impurity_all_is_equal(compression: str, tmp_path: Path) -> None:
    """The control: the same project by the assembler as it is."""
    (tmp_path / "tmp").mkdir()
    tiny_project(tmp_path / "project", tmp_path / "store", compression=compression)
    done = _twinbuild(tmp_path, "release", "--locked")
    assert done.returncode == 0, done.stderr


def test_after_a_difference_everything_is_built_anew(tmp_path: Path) -> None:
    """What was built while something was wrong is not taken from the cache once it is mended."""
    name = "random bytes"
    _prepare(tmp_path, IMPURITIES[name])
    assert _twinbuild(tmp_path, "release", "--locked", impurity=name).returncode == 7
    done = _twinbuild(tmp_path, "release", "--locked")
    assert done.returncode == 0, done.stderr
