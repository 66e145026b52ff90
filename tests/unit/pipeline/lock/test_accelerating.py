"""A lock that is not its variant's is refused when it is made, when it is checked, and shown by the matrix."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fakes.machines import machine
from fakes.packages import LOCKED_WHEEL
from twinbuild.errors import LockError, SpecError
from twinbuild.pipeline.lock.accelerating import base_facts, refuse_requirements, refuse_unclosed, unclosed
from twinbuild.pipeline.lock.locking import stale
from twinbuild.pipeline.matrix import matrix
from twinbuild.pipeline.project import Project, open_project
from twinbuild.store.memory import MemoryStore
from unit.pipeline.conftest import lock_of


def test_foreign_libraries(project: Project, tmp_path: Path) -> None:
    """TB2400 by `lock`, `lock --check` and `matrix`, where the lock is the same."""
    here = machine(MemoryStore(), tmp_path)
    lock = lock_of(project, here)
    assert unclosed(project.spec, lock) == ()
    refuse_unclosed(project.spec, lock)
    wheel = replace(LOCKED_WHEEL, name="nvidia-nccl-cu12")
    lock = replace(lock, targets=(replace(lock.targets[0], wheels=(*lock.targets[0].wheels, wheel)),))
    with pytest.raises(LockError) as caught:
        refuse_unclosed(project.spec, lock)
    assert [finding.code for finding in caught.value.findings] == ["TB2400"]
    assert "TB2400" in {finding.code for finding in stale(project, lock, here)}
    (cell,) = matrix(project, lock, here)
    assert (cell.lock, cell.findings) == ("open", ("TB2400",))


def test_requirements_before_anything_is_asked(project: Project) -> None:
    """TB2413 and TB2414 need the spec alone; the driver may stand in the resources."""
    project.spec_path.write_text(
        project.spec_path.read_text("utf-8").replace(
            "{name: cpu, accelerator: none}",
            "{name: c, accelerator: cuda, cuda: '13.0', compute_capabilities: ['7.0'], "
            "resources: {cpu: {request: 250m}, gpu: {count: 1, driver: '535.54.03'}}}",
        )
    )
    with pytest.raises(SpecError) as caught:
        refuse_requirements(open_project(project.directory).spec)
    assert [finding.code for finding in caught.value.findings] == ["TB2413", "TB2414"]


def test_no_base_says_nothing() -> None:
    """A base of Debian packages has no CUDA."""
    assert base_facts(None).cuda == ""
