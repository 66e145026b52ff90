"""What the conformance check of families finds, and that it ends where a project does not work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from fakes.families import SPEC, begun, write_family
from twinbuild.cli.session import session
from twinbuild.errors import DifferenceFound, EnvironmentFault, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.platform import Platform
from twinbuild.model.trial import Untested
from twinbuild.pipeline.conformance import _require_tried, family_findings, prove_family, spec_findings
from twinbuild.pipeline.family.families import family_at, find_family, list_sheets, shipped_catalogue
from twinbuild.pipeline.project import open_project
from twinbuild.pipeline.trial.every import Trials

README = {"README.md": "x" * 300}
FILES = {"files/README.md": "x", "files/tests/test_it.py": ""}
COMPLETE = SPEC.replace("artifacts: []}", "artifacts: [], schemas: {input: app/main.py, output: app/main.py}}") + (
    "  ports: [{name: http, port: 8000}]\n  health: {readiness: {path: /, port: 8000}}\n"
    "tests: {golden: [{name: a, request: {path: /}, expect: {status: 200}}]}\n"
)


@pytest.mark.parametrize("name", [sheet.name for _, sheet in list_sheets((shipped_catalogue(),))])
def test_the_shipped_ones_lack_nothing(name: str, tmp_path: Path) -> None:
    """Neither in their own files nor in the spec that they make."""
    family = find_family(name, (shipped_catalogue(),))
    assert family_findings(family) == ()
    begun(tmp_path, family, {"post_assemble": "true"}, name=name)
    project = open_project(tmp_path / name)
    assert spec_findings(project, family) == ()
    assert [step.name for step in project.spec.environment.steps] == ["post-assemble"]


def test_a_canary_or_not(tmp_path: Path) -> None:
    """Its conditions look at what clients ask, and have metrics to look at; a project may be rolled out otherwise."""
    begun(tmp_path, find_family("python-service", (shipped_catalogue(),)))
    rollout = open_project(tmp_path / "new").spec.rollout
    assert rollout.strategy == "canary"
    conditions = (*rollout.promote, *rollout.rollback)
    assert {condition.labels["path"] for condition in conditions} == {"/predict"}
    with (tmp_path / "new/release.yaml").open("a") as stream:
        stream.write("rollout: {$patch: replace, strategy: rolling}\n")
    rolling = open_project(tmp_path / "new").spec.rollout
    assert (rolling.strategy, rolling.steps, rolling.promote) == ("rolling", (), ())


@pytest.mark.parametrize(
    ("files", "sheet", "message"),
    [
        ({"README.md": ""}, "", "README.md has 0 bytes, expected at least 200"),
        (README, "variables:\n  - {name: a, default: x}\n", "the variable 'a' has no description"),
        (README, "blocks:\n  - {name: b}\n", "the block 'b' has no description"),
        (README, "blocks:\n  - {name: b, description: B.}\n", "the block 'b' is in no template"),
        ({**README, "files/a.txt.j2": "{%- block c -%}{% endblock %}"}, "", "the block 'c' is not described"),
        (README, "hooks:\n  - {name: h, description: H.}\n", "the hook 'h' has no files/hooks/h.py"),
    ],
)
def test_what_a_family_lacks(tmp_path: Path, files: Mapping[str, str], sheet: str, message: str) -> None:
    """TB7560 with each."""
    findings = family_findings(family_at(write_family(tmp_path, files, sheet=sheet), ()))
    assert {finding.code for finding in findings} == {"TB7560"}
    assert message in {finding.message for finding in findings}


def test_a_family_without_a_description(tmp_path: Path) -> None:
    """It is the first thing that people see."""
    family = write_family(tmp_path, README)
    (family / "family.yaml").write_text((family / "family.yaml").read_text().replace("description: For tests.\n", ""))
    assert [finding.message for finding in family_findings(family_at(family, ()))] == ["the family has no description"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("", "", ""),
        ("tests:", "#", "there is no golden test"),
        ("serving:", "dependencies: {runtime: [numpy>=2]}\nserving:", "the requirement 'numpy>=2' is not pinned"),
        ("serving:", "dependencies: {test: [numpy==2.*]}\nserving:", "the requirement 'numpy==2.*' is not pinned"),
        ("serving:", "dependencies: {runtime: ['numpy[x]==2.4.6; python_version > \"3\"']}\nserving:", ""),
        ('python: "3.11"', 'python: "3.11"\n  variants: [{name: cpu, runtime: [torch]}]', "'torch' is not pinned"),
        ("input: app/main.py, ", "", "model.schemas has no input"),
        ("  health:", "  #", "serving.health has no readiness"),
        ("artifacts: []", "artifacts: [{name: m, uri: m, format: x, target: /m}]", "artifact 'm' has no licence"),
    ],
)
def test_what_a_spec_lacks(tmp_path: Path, old: str, new: str, message: str) -> None:
    """TB7560 at the place of the spec; a spec that lacks nothing has no finding."""
    assert old in COMPLETE
    family = family_at(
        write_family(tmp_path, {"release.yaml.j2": COMPLETE.replace(old, new, 1) if old else COMPLETE, **FILES}),
        (),
    )
    begun(tmp_path, family)
    findings = spec_findings(open_project(tmp_path / "new"), family)
    assert [finding.code for finding in findings] == (["TB7560"] if message else [])
    assert not message or message in findings[0].message
    if "pinned" in message:
        assert findings[0].where.file.endswith("release.family.yaml")
        assert findings[0].where.line > 0


def test_a_project_without_a_readme_and_tests(tmp_path: Path) -> None:
    """Whoever gets the project must be able to read what it is, and to try it."""
    family = family_at(write_family(tmp_path, {"release.yaml.j2": COMPLETE}), ())
    begun(tmp_path, family)
    findings = spec_findings(open_project(tmp_path / "new"), family)
    assert [finding.message for finding in findings] == [
        "the project has no README.md",
        "the project has no tests/test_*.py",
    ]


def test_a_project_that_does_not_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing is said first; then what fails in a stage, with TB7561 last and that stage's exit code."""
    monkeypatch.setenv("TWINBUILD_STORE", str(tmp_path / "store"))
    files = {**README, **FILES, "release.yaml.j2": COMPLETE}
    family = family_at(write_family(tmp_path, files), ())
    with session(beside=tmp_path, quiet=True, offline=True) as machine:
        with pytest.raises(DifferenceFound, match="TB7560"):
            prove_family(family_at(write_family(tmp_path, name="bare"), ()), {}, machine)
        with pytest.raises(TwinbuildError) as error:
            prove_family(family, {}, replace(machine, scratch=tmp_path / "scratch"))
    assert [finding.code for finding in error.value.findings] == ["TB2045", "TB7561"]  # the lock needs a mirror
    assert error.value.exit_code == 2
    assert list((tmp_path / "scratch").iterdir()) == []


def test_an_image_that_was_not_tried(tmp_path: Path) -> None:
    """A machine that could not ask the golden tests has shown nothing: TB7562 with the reason."""
    outcome = Untested(variant="cpu", platform=Platform.parse("linux/arm64"), image=Digest.of(b""), reason="platform")
    family = family_at(write_family(tmp_path, README), ())
    with pytest.raises(EnvironmentFault) as error:
        _require_tried(SimpleNamespace(trials=Trials(outcomes=(outcome,))), family)  # type: ignore[arg-type]
    (finding,) = error.value.findings
    assert finding.code == "TB7562"
    assert "cpu linux/arm64: the machine of the release is of another platform" in finding.message
