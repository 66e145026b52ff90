"""A lock with a wheel that brings code which runs unasked is made only where the spec names that code."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.pipeline.conftest import lock_of_wheel

from fakes.machines import machine
from twinbuild.errors import PolicyRefused, SpecError
from twinbuild.pipeline.lock.lockfiles import ensure_lock, write_lock
from twinbuild.pipeline.lock.unasked import refuse_unasked_code
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project, open_project
from twinbuild.store.memory import MemoryStore
from unit.wheel.making import project_wheel

NAME, CONTENT = project_wheel("one", {"evil.pth": b"import os\n", "json/__init__.py": b"", "one/fine.py": b""})
ALLOWED = ("one/evil.pth", "one/json")


@pytest.fixture
def here(tmp_path: Path) -> Machine:
    """A machine that has the wheel's bytes."""
    store = MemoryStore()
    store.put(CONTENT)
    return machine(store, tmp_path)


def allowing(project: Project, *names: str) -> Project:
    """The project, whose spec allows these by name."""
    listed = ", ".join(names)
    (project.directory / "allow.yaml").write_text(f"dependencies: {{unasked_code: [{listed}]}}\n")
    return open_project(project.directory, (project.directory / "allow.yaml",))


def test_all_of_it_is_named(project: Project, here: Machine) -> None:
    """TB4111 for each piece, the second time from what was noted the first time."""
    lock = lock_of_wheel(project, here, NAME, CONTENT)
    for _ in range(2):
        with pytest.raises(PolicyRefused) as caught:
            refuse_unasked_code(project.spec, lock, here)
        assert [finding.where.subject for finding in caught.value.findings] == list(ALLOWED)
        assert "dependencies.unasked_code" in caught.value.findings[0].hint


def test_what_the_spec_names_passes(project: Project, here: Machine) -> None:
    """By name, not by project: what a later version adds is refused again."""
    lock = lock_of_wheel(project, here, NAME, CONTENT)
    refuse_unasked_code(allowing(project, *ALLOWED).spec, lock, here)
    with pytest.raises(PolicyRefused) as caught:
        refuse_unasked_code(allowing(project, ALLOWED[0]).spec, lock, here)
    assert [finding.where.subject for finding in caught.value.findings] == [ALLOWED[1]]


def test_a_lock_is_completed_only_without_it(project: Project, here: Machine) -> None:
    """A lock whose bytes came later is looked at when it is completed."""
    write_lock(project, lock_of_wheel(project, here, NAME, CONTENT))
    with pytest.raises(PolicyRefused):
        ensure_lock(project, here, locked=False, discover=False)


@pytest.mark.parametrize("name", ["evil.pth", "'*'", "one/", "One/x", "one/a/b", "'one/a b'"])
def test_names_that_are_none(project: Project, name: str) -> None:
    """TB1104: a project and a file or package at the top of site-packages, and no pattern."""
    with pytest.raises(SpecError) as caught:
        allowing(project, name)
    assert caught.value.findings[0].code == "TB1104"
