"""The build context: complete, the same for everybody, and never over something else."""

from __future__ import annotations

import hashlib
import os
import tarfile
from pathlib import Path

import pytest

from fakes.machines import machine
from fakes.tiny import tiny_project
from twinbuild.errors import UsageError
from twinbuild.model.lock import LockedWheel
from twinbuild.pipeline.build import context
from twinbuild.pipeline.build.building import build_images, plan_release, source_epoch
from twinbuild.pipeline.build.context import write_context
from twinbuild.pipeline.build.dockerfiles import dockerfiles
from twinbuild.pipeline.project import open_project, read_lock, require_lock
from twinbuild.store.disk import DiskStore


def _written(directory: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny project's context at ``target``, with a wheel of pip that is none."""
    if not (directory / "project").exists():
        tiny_project(directory / "project", directory / "store")
    project = open_project(directory / "project")
    with DiskStore(directory / "store") as store:
        digest = store.put(b"pip")
        pip = LockedWheel(
            index="default", name="pip", version="26.3", filename="pip-26.3-py3-none-any.whl", size=3, sha256=digest,
            requires=(), requested=False,
        )  # fmt: skip
        monkeypatch.setattr(context, "installer_of", lambda *_: pip)
        here = machine(store, directory / "scratch")
        lock = require_lock(read_lock(project), project)
        plan = plan_release(project, lock, epoch=source_epoch(project, here))
        images = build_images(plan, here)
        write_context(project, plan, images, lock, here, target=target)
        assert list(dockerfiles(plan, images, here, pip="26.3", site=None)) == ["Dockerfile"]


def _state(root: Path) -> dict[str, tuple[int, int, str]]:
    """Mode, time and digest of every entry below a directory."""
    return {
        str(path.relative_to(root)): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in root.rglob("*")
    }


def test_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that the Dockerfile names lies there."""
    target = tmp_path / "context"
    _written(tmp_path, target, monkeypatch)
    assert sorted(path.name for path in target.iterdir()) == [
        "Dockerfile",
        "application",
        "base.tar",
        "compile.py",
        "documents",
        "environment.tar",
        "model",
        "pip",
        "pip.py",
        "requirements.txt",
        "twinbuild-context.txt",
        "wheels",
    ]
    assert (target / "application" / "app" / "main.py").is_file()
    assert {path.name for path in (target / "wheels").iterdir()} == {
        "alpha-1-py3-none-any.whl",
        "beta-1-py3-none-any.whl",
    }
    with tarfile.open(target / "base.tar") as archive:
        assert "etc/passwd" in archive.getnames()
    assert (target / "requirements.txt").read_text().count("--hash=sha256:") == 2


def test_the_same_whoever_writes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, modes, times and bytes do not depend on the umask or on what lay there before."""
    _written(tmp_path, tmp_path / "one", monkeypatch)
    before = os.umask(0o077)
    try:
        _written(tmp_path, tmp_path / "two", monkeypatch)
    finally:
        os.umask(before)
    (tmp_path / "one" / "wheels" / "stray.whl").touch()
    _written(tmp_path, tmp_path / "one", monkeypatch)
    assert _state(tmp_path / "one") == _state(tmp_path / "two")


def test_no_engine_takes_a_file_for_an_earlier_one(tmp_path: Path) -> None:
    """Files of one size and of other bytes differ in a part of their second: BuildKit compares size and time alone."""
    times = []
    for name, text in (("one", "print(1)"), ("two", "print(2)"), ("three", "print(1)")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.py").write_text(text)
        context._settle(tmp_path / name, 1_793_491_200)
        times.append((tmp_path / name / "main.py").stat().st_mtime_ns)
    assert times[0] == times[2] != times[1]
    assert {time // 10**9 for time in times} == {1_793_491_200}


def test_not_over_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory with other files stays as it is."""
    target = tmp_path / "mine"
    target.mkdir()
    (target / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError) as caught:
        _written(tmp_path, target, monkeypatch)
    assert caught.value.findings[0].code == "TB8020"
    assert [path.name for path in target.iterdir()] == ["thesis.txt"]
