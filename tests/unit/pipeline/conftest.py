"""A project of two small packages, and a machine that reaches nothing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.packages import LOCKED_DEB, LOCKED_WHEEL
from twinbuild.codec.inputs import artifact_inputs, debian_inputs, python_inputs, source_inputs
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock, PythonEnvironment, ResolverPin, Target
from twinbuild.model.platform import Platform
from twinbuild.pipeline.lock.locking import application_files
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project, open_project

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "fraud-scorer"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The first example in a directory of its own."""
    shutil.copytree(EXAMPLE, tmp_path / "project", ignore=shutil.ignore_patterns("dist", "lockfiles", "*.lock"))
    return open_project(tmp_path / "project")


def lock_of(project: Project, here: Machine) -> Lock:
    """A fresh lock of two packages, without licences and artifacts."""
    target = Target(
        variant="cpu",
        platform=Platform.parse("linux/amd64"),
        python=PythonEnvironment(version="3.11.2", implementation="cp", glibc="2.36"),
        debs=(LOCKED_DEB,),
        wheels=(LOCKED_WHEEL,),
    )
    return Lock(
        python_inputs=python_inputs(project.spec),
        debian_inputs=debian_inputs(project.spec),
        artifact_inputs=artifact_inputs(project.spec),
        source_inputs=source_inputs(project.spec),
        resolver=ResolverPin(pip="26.3", pip_tools="7.6.2"),
        indexes=(),
        targets=(target,),
        artifacts=(),
        source=application_files(project, here),
    )


def lock_of_wheel(project: Project, here: Machine, name: str, content: bytes) -> Lock:
    """A lock of the wheel of ``making.project_wheel("one", …)`` alone."""
    bare = lock_of(project, here)
    wheel = replace(
        LOCKED_WHEEL, name="one", version="1", filename=name, sha256=Digest.of(content), size=len(content), requires=()
    )
    return replace(bare, targets=(replace(bare.targets[0], debs=(), wheels=(wheel,)),))
