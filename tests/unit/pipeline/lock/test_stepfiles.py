"""The directory of a build step: locked by content, and compared with the lock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fakes.machines import machine
from fakes.packages import DEB, WHEEL
from twinbuild.codec.inputs import step_inputs
from twinbuild.errors import LockError, SpecError
from twinbuild.model.lock import Lock, LockedStep
from twinbuild.pipeline.lock.licensing import with_licences
from twinbuild.pipeline.lock.lockfiles import ensure_lock, write_lock
from twinbuild.pipeline.lock.locking import refresh_source, stale
from twinbuild.pipeline.lock.stepfiles import changed_step_files, with_step_files
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project, open_project, read_lock
from twinbuild.store.memory import MemoryStore
from unit.pipeline.conftest import lock_of

STEP = "  steps: [{name: one, command: [x], inputs: {directory: native}, outputs: [{path: /models/one}]}]\n  resources:"


def _with_a_step(directory: Path) -> Project:
    """The project with a step that reads ``native/x.c``."""
    spec = directory / "release.yaml"
    spec.write_text(spec.read_text().replace("  resources:", STEP, 1))
    (directory / "native").mkdir()
    (directory / "native" / "x.c").write_text("int x;\n")
    return open_project(directory)


def _lock(opened: Project, here: Machine) -> Lock:
    lock = lock_of(opened, here)
    (step,) = opened.spec.environment.steps
    lock = replace(
        lock,
        targets=(replace(lock.targets[0], steps=(LockedStep(name="one", inputs=step_inputs(step)),)),),
    )
    return replace(lock, targets=with_step_files(opened, lock.targets, here))


def test_files_of_a_step(project: object, tmp_path: Path) -> None:
    """They are in the lock and the store; a changed, new or missing one is found, and refreshed."""
    directory = tmp_path / "project"
    opened = _with_a_step(directory)
    here = machine(MemoryStore(), tmp_path / "scratch")
    lock = _lock(opened, here)
    (file,) = lock.targets[0].steps[0].files
    assert (file.path, here.store.read(file.sha256)) == ("x.c", b"int x;\n")
    assert list(changed_step_files(opened, lock, here)) == []
    (directory / "native" / "x.c").write_text("int y;\n")
    (directory / "native" / "z.c").write_text("int z;\n")
    found = [finding for finding in stale(opened, lock, here) if finding.code == "TB5321"]
    assert [finding.message.rpartition(": ")[2] for finding in found] == ["x.c, z.c"]
    assert found[0].where.file == "native/x.c"
    lock = refresh_source(opened, lock, here)
    assert list(changed_step_files(opened, lock, here)) == []
    (directory / "native" / "z.c").unlink()
    (directory / "native" / "x.c").unlink()
    with pytest.raises(SpecError) as caught:
        refresh_source(opened, lock, here)
    assert caught.value.findings[0].code == "TB2315"


def test_a_run_takes_no_files_of_yesterday(project: object, tmp_path: Path) -> None:
    """Whatever builds locks a step's changed files anew, without a network; ``--locked`` refuses them."""
    opened = _with_a_step(tmp_path / "project")
    store = MemoryStore()
    for content in (WHEEL, DEB):
        store.put(content)
    here = machine(store, tmp_path / "scratch")
    write_lock(opened, with_licences(_lock(opened, here), here))
    fresh = ensure_lock(opened, here, locked=True, discover=False)
    (opened.directory / "native" / "x.c").write_text("int y;\n")
    with pytest.raises(LockError) as caught:
        ensure_lock(opened, here, locked=True, discover=False)
    assert [finding.code for finding in caught.value.findings] == ["TB5321"]
    renewed = ensure_lock(opened, here, locked=False, discover=False)
    assert renewed != fresh
    assert renewed == read_lock(opened)
    assert store.read(renewed.targets[0].steps[0].files[0].sha256) == b"int y;\n"
