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

__all__ = ["parameter_findings"]


def parameter_findings(project: Project, lock: Lock, machine: Machine) -> Iterator[Finding]:
    """A TB7218 for each hyper-parameter that an artifact says otherwise; one that no artifact names is not compared."""
    stated = project.spec.model.hyperparameters
    if not stated:
        return
    locked = {artifact.name: artifact for artifact in lock.artifacts}
    for artifact in project.spec.model.artifacts:
        if artifact.format not in FORMATS or artifact.name not in locked:
            continue
        with machine.store.open(locked[artifact.name].sha256) as stream:
            found = hyperparameters_of(artifact.format, stream) or {}
        for name, value in stated.items():
            difference = first_difference(found[name], plain(value), 0.0) if name in found else None
            if difference is not None:
                what = f"artifact {artifact.name!r} was made with another {name}: {difference}"
                hint = "write down the value of the artifact, or release the one that was meant"
                where = project.loaded.where("model", "hyperparameters", name)
                yield Finding(code="TB7218", message=what, hint=hint, where=where)
