"""Trials: every image of a release is tried on this machine, or it is said why not; a failure stops the release.

What was seen is remembered under the image, the tests and the code that ran them, so that nothing is tried twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import twinbuild
from twinbuild.build.sandbox import Sandbox
from twinbuild.codec.canonical import canonical, digest_of
from twinbuild.errors import BuildError, EnvironmentFault, Finding, Location, PolicyRefused
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image
from twinbuild.model.plan import Derivation, Plan
from twinbuild.model.trial import REASONS, Outcome, Passed, Reason, Untested
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.run.running import unpacked_image
from twinbuild.pipeline.trial.files import TrialFile, TrialFiles, read_trial_files
from twinbuild.pipeline.trial.proof import provable
from twinbuild.pipeline.trial.run import TooSmall, run_trial
from twinbuild.pipeline.trial.schemas import input_findings

__all__ = ["Beside", "Trials", "outcome_of", "try_images"]

Beside = Callable[[Derivation, Image, Path], None]
"""What else is done with an image that is being tried, in the directory that it is unpacked to."""

EVIDENCE: Final = "trial"  # the kind of record that says what was seen of an image
_EXCUSED: Final = frozenset({"none", "accelerator", "platform"})  # where the spec does not say which must be tested


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """What became of the images, in their order, and the files of the project that tests read."""

    outcomes: tuple[Outcome, ...]
    files: tuple[TrialFile, ...] = ()

    @property
    def passed(self) -> int:
        """How many images passed."""
        return sum(isinstance(outcome, Passed) for outcome in self.outcomes)

    @property
    def tested(self) -> bool:
        """Whether any image was tried in this run."""
        return any(isinstance(outcome, Passed) and not outcome.reused for outcome in self.outcomes)

    @property
    def untested(self) -> tuple[str, ...]:
        """Each image that was not tried, with the reason."""
        return tuple(
            f"{outcome.variant} {outcome.platform}: {REASONS[outcome.reason]}"
            for outcome in self.outcomes
            if isinstance(outcome, Untested)
        )

    @property
    def remembered(self) -> Trials:
        """The same as a later run has it."""
        return Trials(
            outcomes=tuple(
                replace(outcome, reused=True) if isinstance(outcome, Passed) else outcome for outcome in self.outcomes
            ),
            files=self.files,
        )

    @property
    def facts(self) -> dict[str, object]:
        """For ``run.json``: verdicts, and what was seen."""
        return {
            f"{outcome.variant} {outcome.platform}": (
                {"verdict": "passed", "reused": outcome.reused, **json.loads(outcome.observed)}
                if isinstance(outcome, Passed)
                else {"verdict": "untested", "reason": REASONS[outcome.reason]}
            )
            for outcome in self.outcomes
        }


def try_images(
    project: Project,
    plan: Plan,
    images: tuple[Image, ...],
    machine: Machine,
    *,
    again: bool = False,
    known: tuple[Finding, ...] = (),
    beside: Beside | None = None,
) -> Trials:
    """Try every image that this machine can run, or take what was seen of it before, unless ``again``.

    ``known`` is what is wrong already; ``beside`` gets each image that is tried now, once it has passed. Raises
    BuildError with TB72xx for everything that is not as expected, of all images at once; PolicyRefused TB7220 where an
    image that must be tested was not; and what ``beside`` raises.
    """
    files = read_trial_files(project)
    derivations = {(each.variant, each.platform): each for each in plan.derivations}
    outcomes: list[Outcome] = []
    findings: list[Finding] = [*known, *input_findings(project, files)]
    for image in images:
        derivation = derivations[image.variant, image.platform]
        outcome = outcome_of(project, derivation, image, machine, files, again=again, beside=beside)
        if isinstance(outcome, tuple):
            findings += outcome
        else:
            outcomes.append(outcome)
    if findings:
        raise BuildError(tuple(findings))
    _require(project, tuple(outcomes))
    return Trials(outcomes=tuple(outcomes), files=files.files)


def outcome_of(
    project: Project,
    derivation: Derivation,
    image: Image,
    machine: Machine,
    files: TrialFiles,
    *,
    again: bool,
    beside: Beside | None = None,
) -> Outcome | tuple[Finding, ...]:
    """What became of one image, or all that is wrong with it."""
    reason = _unable(project, image)
    if reason is not None:
        return _untested(image, reason)
    key = _key(project, image, files)
    known = None if again else machine.store.record(EVIDENCE, key)
    if known:
        return _passed(image, known, reused=True)
    base = len(derivation.base.layers) if derivation.base is not None else 0
    try:
        with unpacked_image(image, machine, base=base) as root:
            run = run_trial(project, derivation, root, machine, files, image=str(image.manifest.digest))
            if beside is not None and not run.findings:
                beside(derivation, image, root)
    except TooSmall:
        return _untested(image, "machine")
    except EnvironmentFault as error:
        if error.findings[0].code == "TB5910" and Sandbox(machine.runner).available() is not None:
            return _untested(image, "sandbox")
        raise
    if run.findings:
        who = f"{image.variant} {image.platform}"
        return tuple(
            _of_image(finding, who, several=len(project.spec.environment.variants) > 1) for finding in run.findings
        )
    observed = canonical(run.observed)
    machine.store.put_record(EVIDENCE, key, observed)
    return _passed(image, observed, reused=False)


def _of_image(finding: Finding, who: str, *, several: bool) -> Finding:
    if not several:
        return finding
    return Finding(code=finding.code, message=f"{who}: {finding.message}", hint=finding.hint, where=finding.where)


def _unable(project: Project, image: Image) -> Reason | None:
    """Why an image can't be tried here, as far as that can be told without trying."""
    spec = project.spec
    if not spec.tests.declared and not provable(spec.observability):
        return "none"
    variant = next(each for each in spec.environment.variants if each.name == image.variant)
    if variant.accelerator != "none":
        return "accelerator"
    return None if image.platform.machine == os.uname().machine else "platform"


def _require(project: Project, outcomes: tuple[Outcome, ...]) -> None:
    """Refuse a release with an image that the policy wants tested and that was not."""
    required = project.spec.tests.required
    findings = []
    for outcome in outcomes:
        if isinstance(outcome, Passed):
            continue
        if outcome.variant in required if required is not None else outcome.reason not in _EXCUSED:
            who = f"{outcome.variant} ({outcome.platform})"
            what = f"{who} is untested: {REASONS[outcome.reason]}; got 'untested', expected 'passed'"
            hint = "release on a machine that can run it, or change tests.required"
            where = project.loaded.where("tests", "required") if required is not None else Location()
            findings.append(Finding(code="TB7220", message=what, hint=hint, where=where))
    if findings:
        raise PolicyRefused(tuple(findings))


def _untested(image: Image, reason: Reason) -> Untested:
    return Untested(variant=image.variant, platform=image.platform, image=image.manifest.digest, reason=reason)


def _passed(image: Image, observed: bytes, *, reused: bool) -> Passed:
    return Passed(
        variant=image.variant,
        platform=image.platform,
        image=image.manifest.digest,
        observed=observed,
        reused=reused,
    )


def _key(project: Project, image: Image, files: TrialFiles) -> Digest:
    """What the outcome depends on: the image, what is asked and expected of it, its limits, and the code that asks."""
    spec = project.spec
    variant = next(each for each in spec.environment.variants if each.name == image.variant)

    def said(section: Any) -> object:
        return section.model_dump(mode="python", by_alias=True)

    return digest_of(
        {
            "image": str(image.manifest.digest),
            "tests": said(spec.tests),
            "serving": said(spec.serving),
            "observability": said(spec.observability),
            "rollout": said(spec.rollout),
            "services": [said(service) for service in spec.services],
            "resources": said(spec.environment.resources_of(variant)),
            "schemas": said(spec.model.schemas),
            "configuration": said(spec.configuration),
            "secrets": [said(secret) for secret in spec.secrets],
            "source": spec.source.target,
            "files": [[file.path, str(file.sha256)] for file in files.files],
            "code": _code(),
        }
    )


@cache
def _code() -> str:
    """SHA-256 of all that may have a say in a verdict: our sources, Python, and the libraries that read answers."""
    package = Path(twinbuild.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(package).as_posix()} {len(content)}\0".encode() + content)
    digest.update(f"python {sys.version}\0".encode())
    for library in ("prometheus-client", "jsonschema-rs"):
        digest.update(f"{library} {version(library)}\0".encode())
    return digest.hexdigest()
