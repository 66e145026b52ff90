"""The lock is written whole and readable, or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.pipeline.conftest import lock_of

from fakes.machines import machine
from fakes.packages import LOCKED_WHEEL
from twinbuild.codec.lock import decode_lock
from twinbuild.errors import InternalError
from twinbuild.pipeline.lock.lockfiles import write_lock
from twinbuild.pipeline.project import Project
from twinbuild.store.memory import MemoryStore


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("name", "Not_Normalised", "Not_Normalised"),
        ("filename", "../x.whl", "../x.whl"),
        ("version", "\ud800", "surrogate"),
    ],
)
def test_a_lock_that_could_not_be_read(project: Project, tmp_path: Path, field: str, text: str, said: str) -> None:
    """TB9003 with the reason, and every file is as it was: the lock, and what pip reads."""
    lock = lock_of(project, machine(MemoryStore(), tmp_path))
    write_lock(project, lock)
    assert decode_lock(project.lock_path.read_bytes()) == lock
    files = sorted(project.lockfiles.iterdir())
    before = [path.read_bytes() for path in (project.lock_path, *files)]
    wheel = replace(LOCKED_WHEEL, **{field: text})  # type: ignore[arg-type]
    broken = replace(lock, targets=(replace(lock.targets[0], wheels=(wheel,)),))
    with pytest.raises(InternalError) as caught:
        write_lock(project, broken)
    (finding,) = caught.value.findings
    assert finding.code == "TB9003"
    assert said in finding.message
    assert sorted(project.lockfiles.iterdir()) == files
    assert [path.read_bytes() for path in (project.lock_path, *files)] == before
