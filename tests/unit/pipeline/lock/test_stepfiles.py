"""The directory of a build step: locked by content, and compared with the lock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fakes.machines import machine
from twinbuild.codec.inputs import step_inputs
from twinbuild.errors import SpecError
from twinbuild.model.lock import LockedStep
from twinbuild.pipeline.lock.locking import refresh_source, stale
from twinbuild.pipeline.lock.stepfiles import changed_step_files, with_step_files
from twinbuild.pipeline.project import open_project
from twinbuild.store.memory import MemoryStore
from unit.pipeline.conftest import lock_of

STEP = "  steps: [{name: one, command: [x], inputs: {directory: native}, outputs: [{path: /models/one}]}]\n  resources:"


def test_files_of_a_step(project: object, tmp_path: Path) -> None:
    """They are in the lock and the store; a changed, new or missing one is found, and refreshed."""
    directory = tmp_path / "project"
    spec = directory / "release.yaml"
    spec.write_text(spec.read_text().replace("  resources:", STEP, 1))
    (directory / "native").mkdir()
    (directory / "native" / "x.c").write_text("int x;\n")
    opened = open_project(directory)
    here = machine(MemoryStore(), tmp_path / "scratch")
    lock = lock_of(opened, here)
    (step,) = opened.spec.environment.steps
    lock = replace(
        lock,
        targets=(replace(lock.targets[0], steps=(LockedStep(name="one", inputs=step_inputs(step)),)),),
    )
    lock = replace(lock, targets=with_step_files(opened, lock.targets, here))
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
