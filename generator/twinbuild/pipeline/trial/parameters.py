"""Hyper-parameters of the spec against those that the model's own files say."""

from __future__ import annotations

from collections.abc import Iterator

from twinbuild.errors import Finding
from twinbuild.model.lock import Lock
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project
from twinbuild.trial.asking import plain
from twinbuild.trial.comparing import first_difference
from twinbuild.trial.hyperparameters import FORMATS, hyperparameters_of

__all__ = ["parameter_findings", "uncompared"]


def parameter_findings(project: Project, lock: Lock, machine: Machine) -> Iterator[Finding]:
    """A TB7218 for each hyper-parameter that an artifact says otherwise; one that no artifact names is not compared."""
    for artifact, found in _said(project, lock, machine):
        for name, value in project.spec.model.hyperparameters.items():
            difference = first_difference(found[name], plain(value), 0.0) if name in found else None
            if difference is not None:
                what = f"artifact {artifact!r} was made with another {name}: {difference}"
                hint = "write down the value of the artifact, or release the one that was meant"
                where = project.loaded.where("model", "hyperparameters", name)
                yield Finding(code="TB7218", message=what, hint=hint, where=where)


def uncompared(project: Project, lock: Lock, machine: Machine) -> tuple[str, ...]:
    """Hyper-parameters that no artifact names, sorted: they may be anything."""
    known = {name for _, found in _said(project, lock, machine) for name in found}
    return tuple(sorted(set(project.spec.model.hyperparameters) - known))


def _said(project: Project, lock: Lock, machine: Machine) -> Iterator[tuple[str, dict[str, object]]]:
    """What each artifact says that can be read, where there is anything to compare it with."""
    locked = {artifact.name: artifact for artifact in lock.artifacts}
    for artifact in project.spec.model.artifacts if project.spec.model.hyperparameters else ():
        if artifact.format in FORMATS and artifact.name in locked:
            with machine.store.open(locked[artifact.name].sha256) as stream:
                yield artifact.name, hyperparameters_of(artifact.format, stream) or {}
