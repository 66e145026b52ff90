"""Installations compared with pip's own, file by file."""

from __future__ import annotations

import stat
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

from twinbuild.model.tree import File
from twinbuild.wheel.contents import open_wheel
from twinbuild.wheel.install import install
from twinbuild.wheel.layout import Layout

pytestmark = [pytest.mark.network, pytest.mark.slow]

PROJECTS = (
    "fastapi",
    "greenlet",
    "numpy",
    "pip",
    "prometheus-client",
    "pydantic-core",
    "ruff",
    "scikit-learn",
    "scipy",
    "setuptools",
    "tokenizers",
    "uvicorn",
    "xgboost",
)
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


def pip(environment: Path, *arguments: str | Path) -> None:
    """Run an environment's pip."""
    subprocess.run([environment / "bin/python", "-m", "pip", *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def installer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with pip 26."""
    path = tmp_path_factory.mktemp("installer") / "venv"
    subprocess.run([sys.executable, "-m", "venv", path], check=True)
    pip(path, "install", "-q", "pip>=26,<27")
    return path


@pytest.fixture(scope="module")
def wheels(installer: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real wheels, from the machine's own index."""
    path = tmp_path_factory.mktemp("wheels")
    pip(installer, "download", "-q", "--no-deps", "--only-binary=:all:", "-d", path, *PROJECTS)
    return path


def installed(prefix: Path) -> dict[str, tuple[bytes, int]]:
    """Files below an environment: path without the leading slash → bytes and mode."""
    return {
        str(path).removeprefix("/"): (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
        for path in prefix.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def with_pip(installer: Path, prefix: Path, wheel: Path, *options: str) -> dict[str, tuple[bytes, int]]:
    """The files that pip adds to a new environment for one wheel."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", prefix], check=True)
    before = installed(prefix)
    project, version = wheel.name.split("-")[:2]
    places = ("--no-index", "--find-links", wheel.parent, "--only-binary=:all:")
    pip(
        installer, "--python", prefix / "bin/python", "install", "--no-deps", *options, *places, f"{project}=={version}"
    )
    return {path: found for path, found in installed(prefix).items() if path not in before}


@pytest.mark.parametrize("project", PROJECTS)
def test_the_same_bytes_as_pip(project: str, installer: Path, wheels: Path, tmp_path: Path) -> None:
    """Every file that pip leaves is there with the same bytes and mode, RECORD and commands included, and no other."""
    (wheel,) = wheels.glob(f"{project.replace('-', '_')}-*.whl")
    expected = with_pip(installer, tmp_path / "venv", wheel, "--no-compile")
    found = {}
    with wheel.open("rb") as file:
        chosen = open_wheel(file, wheel.name)
        layout = Layout(prefix=str(tmp_path / "venv").removeprefix("/"), python=PYTHON)
        for entry in install([chosen], layout):
            if isinstance(entry, File):
                with entry.content.open() as stream:
                    found[entry.path] = stream.read(), entry.mode
    assert set(found) == set(expected)
    assert [path for path in found if found[path] != expected[path]] == []


def test_reading_costs_little_more_than_inflating(wheels: Path) -> None:
    """CRC, length and SHA-256 of every byte cost less than inflating it does: at least half of zlib's own speed."""
    (path,) = wheels.glob("scipy-*.whl")
    with path.open("rb") as file:
        files = open_wheel(file, path.name).files
        rates = []
        for checked in (True, False, True, False):
            start = time.process_time()
            for item in files:
                if checked:
                    with item.open() as stream:
                        while stream.read(1 << 20):
                            pass
                else:
                    file.seek(item.member.body)
                    packed = file.read(item.member.packed_size)
                    zlib.decompress(packed, -15) if item.member.method else bytes(packed)
            rates.append(sum(item.size for item in files) / 1e6 / (time.process_time() - start))
    assert max(rates[0::2]) > max(rates[1::2]) / 2, rates
