"""Every impurity in the code of the assembler is caught by the second build and named; without it all is equal."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fakes.impurities import IMPURITIES, Impurity, sitecustomize, together
from fakes.tiny import tiny_project

ROOT = Path(__file__).resolve().parents[2]


def _twinbuild(directory: Path, *arguments: str, impurities: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """``twinbuild`` on the tiny project, with the impurities in its own process and in that of the second build."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/home/tester",
        "TWINBUILD_TEST_USER": str(os.getuid()),
        "TWINBUILD_STORE": str(directory / "store"),
        "TMPDIR": str(directory / "tmp"),
        "PYTHONPATH": str(ROOT / "generator"),
    }
    if impurities:
        hook = directory / "hook"
        hook.mkdir(exist_ok=True)
        wrapper = directory / "python"
        path = f"{hook}:{ROOT / 'generator'}"
        wrapper.write_text(f'#!/bin/sh\nPYTHONPATH="{path}" exec "{sys.executable}" "$@"\n')
        wrapper.chmod(0o755)
        (hook / "sitecustomize.py").write_text(sitecustomize(impurities, wrapper))
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


Findings = list[dict[str, Any]]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Callable[[tuple[str, ...]], Findings]:
    """``refused(names)``: what is said of a release with these impurities, each release made once.

    Exit 7; nothing is released, and what was released before stays.
    """

    @cache
    def release(names: tuple[str, ...]) -> Findings:
        directory = tmp_path_factory.mktemp("impure")
        _prepare(directory, IMPURITIES[names[0]])
        kept = directory / "project" / "dist" / "tiny-0.9.0"
        kept.mkdir(parents=True)
        (kept / "manifest.json").write_text("{}")
        done = _twinbuild(directory, "release", "--locked", "--json", impurities=names)
        assert done.returncode == 7, done.stderr
        assert done.stdout == ""
        assert [path.name for path in (directory / "project" / "dist").iterdir()] == ["tiny-0.9.0"]
        assert [path.name for path in kept.iterdir()] == ["manifest.json"]
        findings: Findings = json.loads(done.stderr.splitlines()[-1])["findings"]
        return findings

    return release


@pytest.mark.parametrize("name", IMPURITIES)
def test_impurity_is_caught_and_named(name: str, refused: Callable[[tuple[str, ...]], Findings]) -> None:
    """With layer, file, cause and remedy, also where others are there at the same time."""
    impurity = IMPURITIES[name]
    findings = refused(together(name))
    assert {finding["code"] for finding in findings} == {"TB6010"}
    where = f"cpu linux/amd64, layer {impurity.layer!r}"
    found = [finding for finding in findings if _is_at(finding.get("subject", ""), where, impurity.path)]
    assert found, findings
    causes = {match[1] for finding in found if (match := re.search(r"likely cause: ([\w-]+),", finding["message"]))}
    assert causes == {impurity.cause}, found
    assert all(finding["remedy"] for finding in found)


def _is_at(subject: str, where: str, path: str) -> bool:
    return subject == f"{where}, /{path}" if path else subject.startswith(where)


def test_each_impurity_is_a_file_of_its_own() -> None:
    """Those of one release do not get into each other's way, and every one is in one."""
    releases = {together(name) for name in IMPURITIES}
    assert sorted(name for names in releases for name in names) == sorted(IMPURITIES)
    for names in releases:
        assert len({IMPURITIES[name].path for name in names}) == len(names)
        assert len({(IMPURITIES[name].compression, IMPURITIES[name].bytecode) for name in names}) == 1


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
    assert _twinbuild(tmp_path, "release", "--locked", impurities=(name,)).returncode == 7
    done = _twinbuild(tmp_path, "release", "--locked")
    assert done.returncode == 0, done.stderr
