"""A release of some variants: their targets alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fakes.machines import machine
from twinbuild.errors import UsageError
from twinbuild.pipeline.build.building import plan_release
from twinbuild.pipeline.narrowing import narrowed, variants_of
from twinbuild.pipeline.project import Project, open_project, read_lock
from twinbuild.store.memory import MemoryStore
from unit.pipeline.conftest import EXAMPLE, lock_of


def test_some_of_them(project: Project, tmp_path: Path) -> None:
    """The spec has the chosen variants, the lock their targets; all of them are no subset."""
    text = project.spec_path.read_text("utf-8")
    project.spec_path.write_text(text.replace("    - {name: cpu, ", "    - {name: other}\n    - {name: cpu, "))
    project = open_project(project.directory)
    lock = lock_of(project, machine(MemoryStore(), tmp_path))
    lock = replace(lock, targets=(*lock.targets, replace(lock.targets[0], variant="other")))
    assert variants_of(lock) == ("cpu", "other")
    chosen = project.only(("other",))
    assert [variant.name for variant in chosen.spec.environment.variants] == ["other"]
    assert [target.variant for target in narrowed(chosen, lock).targets] == ["other"]
    assert project.only(("other", "cpu")).variants == ()
    assert narrowed(project, lock) == lock


def test_the_same_derivations(project: Project) -> None:
    """A variant's image is derived alike whether it is built alone or with the others."""
    text = project.spec_path.read_text("utf-8")
    project.spec_path.write_text(text.replace("    - {name: cpu, ", "    - {name: other}\n    - {name: cpu, "))
    project = open_project(project.directory)
    lock = read_lock(open_project(EXAMPLE))
    assert lock is not None
    lock = replace(lock, targets=(*lock.targets, replace(lock.targets[0], variant="other")))
    together = plan_release(project, lock, epoch=0).derivations
    alone = [plan_release(project.only((name,)), lock, epoch=0).derivations for name in ("cpu", "other")]
    assert tuple(each for derivations in alone for each in derivations) == together


def test_no_such_variant(project: Project) -> None:
    """TB2420 names those that there are."""
    with pytest.raises(UsageError, match=r"TB2420.*expected one of cpu"):
        project.only(("cuda12",))
