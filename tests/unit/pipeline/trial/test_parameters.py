"""Hyper-parameters of a spec against those of the model's file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.pipeline.conftest import lock_of

from fakes.machines import machine
from twinbuild.model.lock import Lock, LockedArtifact
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project, open_project
from twinbuild.pipeline.trial.parameters import parameter_findings, uncompared
from twinbuild.store.memory import MemoryStore


def _project(tmp_path: Path, project: Project, old: str, new: str) -> tuple[Project, Lock, Machine]:
    """The example with another text in its spec, and its model in a store."""
    spec = project.directory / "release.yaml"
    text = spec.read_text()
    assert old in text
    spec.write_text(text.replace(old, new))
    store = MemoryStore()
    here = machine(store, tmp_path)
    content = (project.directory / "model" / "classifier.skops").read_bytes()
    locked = LockedArtifact(
        name="classifier", uri="model/classifier.skops", size=len(content), sha256=store.put(content)
    )
    return open_project(project.directory), replace(lock_of(project, here), artifacts=(locked,)), here


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("max_depth: 3", "max_depth: 3", []),
        ("max_depth: 3", "max_depth: 3.0", []),
        ("max_depth: 3", "depth_of_trees: 4", []),
        ("format: skops", "format: other", []),
        ("max_depth: 3", "max_depth: 4", ["max_depth: got 3, expected 4"]),
        ("max_depth: 3", "max_depth: '3'", ['max_depth: got 3, expected "3"']),
        ("n_estimators: 80, learning_rate: 0.1", "n_estimators: 81, learning_rate: 0.2", ["80", "0.1"]),
    ],
)
def test_what_the_artifact_says(tmp_path: Path, project: Project, old: str, new: str, found: list[str]) -> None:
    """One finding for each that is another, at its line; a name that the file lacks is not compared."""
    findings = list(parameter_findings(*_project(tmp_path, project, old, new)))
    assert [each.code for each in findings] == ["TB7218"] * len(found)
    for finding, words in zip(findings, found, strict=True):
        assert words in finding.message
        assert finding.where.pointer.startswith("/model/hyperparameters/")


def test_an_artifact_that_is_not_locked_yet(tmp_path: Path, project: Project) -> None:
    """Nothing can be read."""
    made, lock, here = _project(tmp_path, project, "max_depth: 3", "max_depth: 4")
    assert list(parameter_findings(made, replace(lock, artifacts=()), here)) == []


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("max_depth: 3", "max_depth: 4", ()),
        ("max_depth: 3", "depth_of_trees: 4", ("depth_of_trees",)),
        (
            "format: skops",
            "format: lightgbm",
            ("learning_rate", "max_depth", "n_estimators", "random_state", "subsample"),
        ),
    ],
)
def test_what_is_not_compared(tmp_path: Path, project: Project, old: str, new: str, names: tuple[str, ...]) -> None:
    """Each name that no file says, and all of them where the file cannot be read as what it is said to be."""
    assert uncompared(*_project(tmp_path, project, old, new)) == names
