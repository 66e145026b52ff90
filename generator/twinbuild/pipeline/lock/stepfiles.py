"""The files of build steps' own directories: in the lock, and whether they are still the locked ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from twinbuild.errors import Finding, Location
from twinbuild.model.lock import Lock, LockedSourceFile, Target
from twinbuild.pipeline.machine import Machine, moment
from twinbuild.pipeline.placing import placed_in_spec
from twinbuild.pipeline.project import Project
from twinbuild.resolve.local import read_tree

__all__ = ["changed_files", "changed_step_files", "step_directories", "with_step_files"]

Files = tuple[LockedSourceFile, ...]


def step_directories(project: Project) -> dict[str, str]:
    """The directory of each step that has one, by the step's name."""
    return {
        step.name: step.inputs.directory for step in project.spec.environment.steps if step.inputs.directory is not None
    }


def with_step_files(project: Project, targets: tuple[Target, ...], machine: Machine) -> tuple[Target, ...]:
    """The targets with the steps' files as they are now, whose bytes the store then has. Raises SpecError TB23xx."""
    files = {name: _read(project, directory, machine) for name, directory in step_directories(project).items()}
    return tuple(
        replace(target, steps=tuple(replace(step, files=files.get(step.name, ())) for step in target.steps))
        if target.steps
        else target
        for target in targets
    )


def changed_files(code: str, what: str, locked: Files, current: Files, *, directory: str = "") -> Finding:
    """The finding about files that are not the locked ones, or no longer there, or new."""
    paths = sorted({file.path for file in {*locked} ^ {*current}})
    shown = ", ".join(paths[:5]) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")
    return Finding(
        code=code,
        message=f"{what} changed since the lock was made: {shown}",
        hint="run `twinbuild lock`, and commit release.lock with them",
        where=Location(file=f"{directory}{paths[0]}" if paths else ""),
    )


def changed_step_files(project: Project, lock: Lock, machine: Machine) -> Iterator[Finding]:
    """TB5321 for each step whose files are not the locked ones."""
    for name, directory in step_directories(project).items():
        current = _read(project, directory, machine)
        locked = next((step.files for target in lock.targets for step in target.steps if step.name == name), ())
        if current != locked:
            yield changed_files("TB5321", f"files of step {name!r}", locked, current, directory=f"{directory}/")


def _read(project: Project, directory: str, machine: Machine) -> tuple[LockedSourceFile, ...]:
    with placed_in_spec(project):
        return read_tree(
            str(project.directory), directory, (), machine.store, now=moment(machine), progress=machine.progress
        )
