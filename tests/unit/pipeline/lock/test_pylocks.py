"""Exports of the lock: their names, the wheels beside them, and a real pip that installs from them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.pylock import Pylock, is_valid_pylock_path
from tests.unit.pipeline.conftest import lock_of

from fakes.machines import machine
from fakes.packages import DEB, LOCKED_WHEEL, WHEEL
from twinbuild.errors import LockError
from twinbuild.pipeline.lock.lockfiles import write_lock
from twinbuild.pipeline.lock.pylocks import copy_wheels, pylock_texts, write_pylocks
from twinbuild.pipeline.project import Project
from twinbuild.store.memory import MemoryStore


def _store() -> MemoryStore:
    store = MemoryStore()
    for content in (WHEEL, DEB):
        store.put(content)
    return store


def test_names(project: Project, tmp_path: Path) -> None:
    """One file for each target and group, each under a name that PEP 751 allows."""
    lock = lock_of(project, machine(_store(), tmp_path))
    (target,) = lock.targets
    lock = replace(lock, targets=(replace(target, test=(LOCKED_WHEEL,)),))
    texts = pylock_texts(project, lock)
    assert sorted(texts) == [
        "pylock.fraud-scorer-cpu-linux-amd64-test.toml",
        "pylock.fraud-scorer-cpu-linux-amd64.toml",
    ]
    for name, text in texts.items():
        assert is_valid_pylock_path(Path(name))
        Pylock.from_dict(tomllib.loads(text.decode())).validate()
        assert b"://" not in text


def test_wheels(project: Project, tmp_path: Path) -> None:
    """The wheels come from the store to where the file names them; a changed one is put right."""
    here = machine(_store(), tmp_path)
    lock = lock_of(project, here)
    assert copy_wheels(lock, here, tmp_path / "out") == 1
    (path,) = (tmp_path / "out" / "wheels").iterdir()
    assert path.read_bytes() == WHEEL
    before = path.stat().st_mtime_ns
    copy_wheels(lock, here, tmp_path / "out")
    assert path.stat().st_mtime_ns == before
    path.write_bytes(b"changed")
    copy_wheels(lock, here, tmp_path / "out")
    assert path.read_bytes() == WHEEL
    path.unlink()
    path.symlink_to("/etc/passwd")
    copy_wheels(lock, here, tmp_path / "out")
    assert not path.is_symlink()
    assert [each.name for each in path.parent.iterdir()] == [LOCKED_WHEEL.filename]


def test_wheels_missing(project: Project, tmp_path: Path) -> None:
    """A wheel that the store lacks is named, and nothing is written."""
    here = machine(MemoryStore(), tmp_path)
    with pytest.raises(LockError) as caught:
        copy_wheels(lock_of(project, here), here, tmp_path / "out")
    assert caught.value.findings[0].code == "TB2258"
    assert not (tmp_path / "out").exists()


def test_refreshed_with_the_lock(project: Project, tmp_path: Path) -> None:
    """An export beside the lock files follows the lock, and goes with its target."""
    here = machine(_store(), tmp_path)
    lock = lock_of(project, here)
    write_lock(project, lock)
    assert not list(project.lockfiles.glob("pylock.*"))
    (path,) = write_pylocks(project, lock, project.lockfiles)
    (target,) = lock.targets
    write_lock(project, replace(lock, targets=(replace(target, wheels=()),)))
    assert "demo" not in path.read_text()
    write_lock(project, replace(lock, targets=(replace(target, variant="other"),)))
    assert not path.exists()


@pytest.mark.slow
@pytest.mark.network
def test_pip_installs_from_it(project: Project, tmp_path: Path) -> None:
    """The pip that resolves also installs from the export, offline, and refuses a wheel with another byte."""
    from twinbuild.pipeline.machine import reach
    from twinbuild.process.runner import SubprocessRunner
    from twinbuild.resolve.python_index import PythonIndex
    from twinbuild.resolve.python_resolver import prepare_resolver
    from twinbuild.sources.configure import settings_from

    here = machine(_store(), tmp_path)
    (target,) = lock_of(project, here).targets
    python = replace(target.python, version=f"{sys.version_info[0]}.{sys.version_info[1]}.0")
    lock = replace(lock_of(project, here), targets=(replace(target, python=python),))
    out = tmp_path / "out"
    copy_wheels(lock, here, out)
    (path,) = write_pylocks(project, lock, out)
    settings = settings_from(dict(os.environ), home=os.environ.get("HOME", "/"))
    real = reach(
        replace(
            here,
            settings=settings,
            runner=SubprocessRunner(),
            environment=dict(os.environ),
            interpreter=Path(sys.executable),
            home=os.environ.get("HOME", "/"),
        )
    )
    resolver = prepare_resolver(
        runner=real.runner,
        directory=Path(settings.store) / "resolvers",
        interpreter=real.interpreter,
        index=PythonIndex(name="default", address=dict(real.settings.indexes)["default"]),
        settings=real.settings,
        home=real.home,
    )

    def install(goal: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(resolver.python), "-m", "pip", "install", "--no-index", "--target", str(tmp_path / goal), "-r", path],
            env={"PATH": "/usr/bin:/bin", "PIP_CONFIG_FILE": os.devnull, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    done = install("good")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "good" / "demo-1.0.dist-info" / "METADATA").is_file()
    (wheel,) = (out / "wheels").iterdir()
    wheel.write_bytes(WHEEL + b"\n")
    refused = install("bad")
    assert refused.returncode != 0
    assert re.search("hash|size", refused.stderr, re.IGNORECASE)
