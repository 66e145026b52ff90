"""twinbuild's own wheel: the same bytes from two builds, and all that a release needs is in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from fakes.tool import EXAMPLES
from twinbuild.model.digest import Digest
from twinbuild.pipeline.family.families import find_family
from twinbuild.pipeline.tool.code import code_files
from twinbuild.store.memory import MemoryStore

pytestmark = [pytest.mark.slow, pytest.mark.network]

CHECKOUT = EXAMPLES.parent
SOURCES = (".gitignore", "LICENSE", "README.md", "generator", "lockfiles", "pyproject.toml", "templates")


def run(*argv: str | Path, directory: Path, umask: int = 0o022, **environment: str) -> str:
    """What a program prints that knows nothing of the checkout."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        [str(part) for part in argv],
        cwd=directory,
        env=known | environment,
        umask=umask,
        check=False,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the locked dependencies, from which twinbuild itself is absent."""
    base = tmp_path_factory.mktemp("own-wheel")
    run(sys.executable, "-m", "venv", base / "venv", directory=base)
    python = base / "venv" / "bin" / "python"
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile")
    locked = ("--require-hashes", "--only-binary=:all:", "--requirement", CHECKOUT / "lockfiles" / "tool.txt")
    run(*pip, *locked, directory=base)
    return python


def copied(target: Path, *, time: int, mode: int) -> Path:
    """The sources elsewhere, with other times and permissions, their entries made in another order."""
    target.mkdir(parents=True)
    for name in sorted(SOURCES, reverse=bool(time % 2)):
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)
    for path in target.rglob("*"):
        path.chmod(mode | (0o111 & (mode >> 2) if path.is_dir() else 0))
        os.utime(path, (time, time))
    return target


def test_two_builds_of_the_wheel_are_the_same_bytes(python: Path, tmp_path: Path) -> None:
    """By the locked hatchling, without an index, whatever time, umask, zone, path and hash seed."""
    wheels = []
    for number, (mode, umask, zone) in enumerate(((0o644, 0o022, "UTC"), (0o600, 0o077, "Asia/Kolkata"))):
        source = copied(
            tmp_path / ("a directory of another length" * number) / "source", time=10**9 + number, mode=mode
        )
        output = tmp_path / f"wheel-{number}"
        built = ("-m", "pip", "wheel", "--quiet", "--no-build-isolation", "--no-index", "--no-deps", "--no-cache-dir")
        run(
            python,
            *built,
            "--wheel-dir",
            output,
            source,
            directory=tmp_path,
            umask=umask,
            TZ=zone,
            PYTHONHASHSEED=str(number + 1),
            PIP_FIND_LINKS="",
        )
        (wheel,) = output.iterdir()
        wheels.append(wheel)
    assert wheels[0].name == wheels[1].name
    assert wheels[0].read_bytes() == wheels[1].read_bytes()
    with zipfile.ZipFile(wheels[0]) as archive:
        names = set(archive.namelist())
        own = {name: Digest.of(archive.read(name)) for name in names if ".dist-info/" not in name}
    assert own == {file.path: file.sha256 for file in code_files(MemoryStore())}  # packed from either, it is the same
    modules = (path for path in (CHECKOUT / "generator").rglob("*") if path.is_file() and path.suffix != ".pyc")
    templates = (path for path in (CHECKOUT / "templates").rglob("*") if path.is_file() and path.suffix != ".pyc")
    assert {name for name in names if ".dist-info/" not in name} == {
        "twinbuild/lockfiles/resolver.txt",
        *(f"twinbuild/{path.relative_to(CHECKOUT).as_posix()}" for path in templates),
        *(path.relative_to(CHECKOUT / "generator").as_posix() for path in modules),
    }


def test_the_installed_wheel_releases(python: Path, tmp_path: Path) -> None:
    """Installed and away from the checkout it locks and releases, with the digest that is committed."""
    wheels = tmp_path / "wheels"
    source = copied(tmp_path / "source", time=10**9, mode=0o644)
    pip = (python, "-m", "pip", "--disable-pip-version-check")
    build = ("wheel", "--quiet", "--no-build-isolation", "--no-index", "--no-deps", "--wheel-dir", wheels, source)
    run(*pip, *build, directory=tmp_path)
    shutil.rmtree(source)
    (wheel,) = wheels.iterdir()
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel, directory=tmp_path)
    tool = python.with_name("twinbuild")
    where = run(python, "-P", "-c", "import twinbuild; print(twinbuild.__file__)", directory=tmp_path)
    assert where.startswith(str(python.parents[1]))

    for name in ("python-service", "scikit-learn"):  # families are the same ones, byte for byte
        shown = json.loads(run(tool, "family", "show", name, "--json", directory=tmp_path))
        assert shown["digest"] == str(find_family(name, (CHECKOUT / "templates" / "families",)).digest)
    assert "python-service" in run(tool, "init", "--list", directory=tmp_path)

    ignored = shutil.ignore_patterns("dist", "__pycache__")
    locked = shutil.copytree(EXAMPLES / "fraud-scorer", tmp_path / "locked", ignore=ignored)
    released = json.loads(run(tool, "release", "--locked", "--json", locked, directory=tmp_path))
    assert released["release"] == (locked / "release.digest").read_text().strip()

    anew = shutil.copytree(locked, tmp_path / "anew", ignore=ignored)
    (anew / "release.lock").unlink()
    run(tool, "lock", "--metadata-only", "--quiet", anew, directory=tmp_path)  # keys, the resolver and its lock
    assert (anew / "release.lock").exists()
    for arguments in (("schema",), ("explain", "TB3103"), ("completion", "bash"), ("doctor", "--help")):
        assert run(tool, *arguments, directory=tmp_path)
