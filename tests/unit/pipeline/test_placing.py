"""Findings of lock and plan stand at the line of the spec that asks for what cannot be had."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.machines import machine
from twinbuild.errors import Location, LockError, SpecError, TwinbuildError
from twinbuild.pipeline.lock.locking import application_files
from twinbuild.pipeline.lock.stepfiles import with_step_files
from twinbuild.pipeline.placing import placed_in_spec
from twinbuild.pipeline.project import Project, open_project
from twinbuild.store.memory import MemoryStore

_STEP = "  steps: [{name: one, command: [x], inputs: {directory: gone}, outputs: [{path: /models/one}]}]\n  resources:"


def _with(project: Project, *changes: tuple[str, str]) -> Project:
    text = project.spec_path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    project.spec_path.write_text(text)
    return open_project(project.directory)


def _shown(project: Project, pointer: str, variant: str = "", *, subject: str = "") -> str:
    """What of the spec an error with this pointer, or about this subject, shows."""
    chosen = next((each for each in project.spec.environment.variants if each.name == variant), None)
    with pytest.raises(LockError) as caught, placed_in_spec(project, chosen):
        raise LockError.of(
            "TB2011", "nothing fits", hint="ask for less", where=Location(pointer=pointer, subject=subject)
        )
    where = caught.value.findings[0].where
    assert where.file == str(project.spec_path)
    return where.excerpt[where.column - 1 :][: where.width]


def test_a_requirement(project: Project) -> None:
    """Of the spec, of a variant behind those of the spec, of a step; and the Python of the image."""
    old = "    - {name: cpu, accelerator: none}\n"
    project = _with(
        project,
        (old, old + "    - {name: more, runtime: [first, second], packages: [], base: {debian: {suite: trixie}}}\n"),
        ("  resources:", _STEP.replace("command", "wheels: [cython], command")),
    )
    runtime = project.spec.dependencies.runtime
    assert _shown(project, "/dependencies/runtime/1", "more") == runtime[1]
    assert _shown(project, f"/dependencies/runtime/{len(runtime) + 1}", "more") == "second"
    assert _shown(project, "/environment/steps/0/wheels/0", "cpu") == "cython"
    assert _shown(project, "/environment/python") == '"3.11"'
    assert _shown(project, "/environment/base/debian/suite", "more") == "trixie"
    assert _shown(project, "/environment/base/debian/suite", "cpu") == "bookworm"


def test_a_debian_package(project: Project) -> None:
    """Of the image, of a variant, of a step; what another package needs stands nowhere in the spec."""
    old = "    - {name: cpu, accelerator: none}\n"
    project = _with(
        project,
        (old, old + "    - {name: more, packages: [curll]}\n"),
        ("  resources:", _STEP.replace("command", "packages: [gccc], command")),
    )
    for variant, package in (("cpu", "libgomp1"), ("more", "libgomp1"), ("more", "curll"), ("", "gccc")):
        assert _shown(project, "", variant, subject=f"package {package}") == package
    with pytest.raises(LockError, match=r"TB2011 package libc6: "), placed_in_spec(project):
        raise LockError.of("TB2011", "nothing fits", hint="ask for less", where="package libc6")


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [("  directory: app\n", "  directory: gone\n", "gone"), ("  resources:", _STEP, "gone")],
)
def test_a_path_that_is_not_there(project: Project, old: str, new: str, shown: str) -> None:
    """TB2304 is at the path in the spec, and not at a file that nobody has."""
    project = _with(project, (old, new))
    here = machine(MemoryStore(), project.directory)
    with pytest.raises(SpecError) as caught:
        (with_step_files(project, (), here), application_files(project, here))
    (finding,) = caught.value.findings
    assert finding.code == "TB2304"
    assert finding.where.excerpt[finding.where.column - 1 :].startswith(shown)


@pytest.mark.parametrize(
    "where", [Location(), Location(file="app/x", line=3), Location(subject="sha256:0"), Location(file="app/other")]
)
def test_any_other_place_stays(project: Project, where: Location) -> None:
    """What is at a file, or nowhere, is left alone, as is its cause."""
    error = LockError.of("TB2304", "no", hint="do", where=where)
    with pytest.raises(TwinbuildError) as caught, placed_in_spec(project):
        raise error
    assert caught.value is error
    assert caught.value.findings[0] == replace(error.findings[0], where=where)
