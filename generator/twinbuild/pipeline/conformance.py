"""Whether a family keeps what families promise: documented, pinned, tested; and a project of it that really works.

1. What can be seen in the family's own files, all at once.
2. A project in a scratch directory, as ``init`` writes it; what its spec lacks, all at once.
3. That project is locked, built twice and tried, as any release.
4. The tests that the family gives its projects pass in the image.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.errors import DifferenceFound, EnvironmentFault, Finding, Location, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.family import Family
from twinbuild.model.image import Image
from twinbuild.model.lock import Lock
from twinbuild.model.plan import Derivation
from twinbuild.pipeline.build.building import plan_release, source_epoch
from twinbuild.pipeline.family.beginning import project_files, write_project
from twinbuild.pipeline.lock.lockfiles import ensure_lock
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project, open_project
from twinbuild.pipeline.projecttests import project_tests, run_tests, run_tests_at
from twinbuild.pipeline.release.releasing import Released, release

__all__ = ["Proven", "family_findings", "prove_family", "spec_findings"]

_BLOCK: Final = re.compile(r"\{%[-+]?\s*block\s+([A-Za-z_][A-Za-z0-9_]*)")
_PINNED: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9._, -]+\])?\s*==\s*[0-9][^,;*\s]*(\s*;.*)?", re.ASCII
)
_SHORTEST: Final = 200  # characters that say how a family is used
# Date of the scratch project: nothing depends on today. The examples have it, too, so that layers of wheels, which hold
# it as the time of their files, are made once for all of them.
_WHEN: Final = "2026-11-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What the check saw: the release of the scratch project, how many golden tests its spec has, and other tests."""

    released: Released
    golden: int
    tests: int
    files: int


def prove_family(family: Family, given: Mapping[str, str], machine: Machine) -> Proven:
    """The whole check.

    Raises DifferenceFound TB7560 with all that is missing; then what the stages raise, with TB7561 as the last finding.
    """
    _settle(family_findings(family))
    machine.scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="family-", dir=machine.scratch) as scratch:
        place = Path(scratch, family.sheet.name)
        try:
            files = project_files(
                family,
                given,
                directory_name=family.sheet.name,
                today=_WHEN,
                committed=False,
                runner=machine.runner,
                interpreter=machine.interpreter,
            )
            write_project(place, files)
            project = open_project(place)
            _settle(spec_findings(project, family))
            lock = ensure_lock(project, machine, locked=False, discover=True)
            released, tests = _released_and_tested(project, lock, machine, family)
        except DifferenceFound:
            raise
        except TwinbuildError as error:
            raise type(error)((*error.findings, _last(family))) from error
    return Proven(released=released, golden=len(project.spec.tests.golden), tests=tests, files=len(files))


def _released_and_tested(project: Project, lock: Lock, machine: Machine, family: Family) -> tuple[Released, int]:
    """The release, and how many tests of the project passed in its images: where they are tried, they are unpacked."""
    passed: dict[Digest, int] = {}

    def test(derivation: Derivation, image: Image, root: Path) -> None:
        passed[image.derivation] = run_tests_at(root, project, derivation, image, machine)

    released = release(project, lock, machine, beside=test)
    _require_tried(released, family)
    plan = plan_release(project, lock, epoch=source_epoch(project, machine))
    derivations = {(each.variant, each.platform): each for each in plan.derivations}
    for image in released.images:
        if image.derivation not in passed:  # that it passed its trial was known
            passed[image.derivation] = run_tests(project, derivations[image.variant, image.platform], image, machine)
    return released, sum(passed.values())


def family_findings(family: Family) -> tuple[Finding, ...]:
    """What is missing in the family's own files."""
    return tuple(
        Finding(
            code="TB7560",
            message=message,
            hint=hint,
            where=Location(file=f"{family.directory}/{path}" if path else family.directory),
        )
        for message, hint, path in (*_undocumented(family), *_unlike_templates(family))
    )


def spec_findings(project: Project, family: Family) -> tuple[Finding, ...]:
    """What is missing in the spec of a project of the family."""
    spec = project.spec
    found: list[tuple[str, str, tuple[str | int, ...]]] = []
    if not spec.tests.golden:
        found.append(("there is no golden test", "add one to tests.golden, with the answer that is right", ("tests",)))
    groups: dict[tuple[str | int, ...], tuple[str, ...]] = {
        ("dependencies", group): getattr(spec.dependencies, group)
        for group in ("runtime", "build", "development", "test")
    }
    groups |= {
        ("environment", "variants", index, "runtime"): variant.runtime
        for index, variant in enumerate(spec.environment.variants)
    }
    found += [
        (f"the requirement {text!r} is not pinned", "write NAME==VERSION", (*at, index))
        for at, requirements in groups.items()
        for index, text in enumerate(requirements)
        if not _PINNED.fullmatch(text)
    ]
    for key in ("input", "output"):
        if getattr(spec.model.schemas, key) is None:
            found.append((f"model.schemas has no {key}", "describe it by a JSON Schema", ("model",)))
    if spec.serving.health.readiness is None:
        found.append(("serving.health has no readiness", "add a path that answers 200", ("serving",)))
    found += [
        (
            f"the artifact {artifact.name!r} has no licence",
            "name it as an SPDX expression",
            ("model", "artifacts", index),
        )
        for index, artifact in enumerate(spec.model.artifacts)
        if artifact.licence is None
    ]
    if not (project.directory / "README.md").is_file():
        found.append(("the project has no README.md", f"add files/README.md.j2 to {family.directory}", ()))
    if not project_tests(project.directory):
        what = "add files/tests/test_service.py: unittest, in the image"
        found.append(("the project has no tests/test_*.py", what, ()))
    return tuple(
        Finding(code="TB7560", message=message, hint=hint, where=project.loaded.where(*at))
        for message, hint, at in found
    )


def _undocumented(family: Family) -> Iterator[tuple[str, str, str]]:
    sheet = family.sheet
    if sheet.description is None:
        yield "the family has no description", "say what it is for", "family.yaml"
    for kind in ("variables", "blocks", "hooks"):
        for part in getattr(sheet, kind):
            if part.description is None:
                what = f"the {kind.rstrip('s')} {part.name!r} has no description"
                yield what, "say what it is for and what belongs there", "family.yaml"
    readme = next((file.content for file in family.files if file.path == "README.md"), b"")
    if len(readme) < _SHORTEST:
        what = f"README.md has {counted(len(readme), 'byte')}, expected at least {_SHORTEST}"
        yield what, "say how the family is used and how it is customised", "README.md"


def _unlike_templates(family: Family) -> Iterator[tuple[str, str, str]]:
    """Blocks and hooks that are described and not there, or the other way round."""
    described = {part.name for part in family.parts("blocks")}
    used = {
        name.decode(): file.path
        for each in family.chain
        for file in each.files
        if file.path.endswith(".j2")
        for name in re.findall(_BLOCK.pattern.encode(), file.content)
    }
    for name in sorted(used.keys() - described):
        yield f"the block {name!r} is not described", "add it to 'blocks' in family.yaml", used[name]
    for name in sorted(described - used.keys()):
        yield f"the block {name!r} is in no template", "take it out of 'blocks', or use it", "family.yaml"
    paths = {file.path for each in family.chain for file in each.files}
    for part in family.parts("hooks"):
        if f"files/hooks/{part.name}.py" not in paths:
            yield f"the hook {part.name!r} has no files/hooks/{part.name}.py", "add it", "family.yaml"


def _settle(findings: tuple[Finding, ...]) -> None:
    if findings:
        raise DifferenceFound(findings)


def _require_tried(released: Released, family: Family) -> None:
    """A machine that could not try an image has not shown that a project works. Raises EnvironmentFault TB7562."""
    if released.trials.untested:
        raise EnvironmentFault.of(
            "TB7562",
            f"the golden tests of {family.sheet.reference} were not asked: {'; '.join(released.trials.untested)}",
            hint="test the family on a machine that can run its images; `twinbuild doctor` says what this one lacks",
            where=Location(file=family.directory),
        )


def _last(family: Family) -> Finding:
    return Finding(
        code="TB7561",
        message=f"a project of {family.sheet.reference} does not work: see the findings above",
        hint="correct the family; `twinbuild init --family` and `twinbuild release` show the same step by step",
        where=Location(file=family.directory),
    )
