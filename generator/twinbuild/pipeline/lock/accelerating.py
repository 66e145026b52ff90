"""Whether every target of a lock is closed under its variant's accelerator."""

from __future__ import annotations

from twinbuild.deploy.accelerator.closure import BaseFacts, closure_findings
from twinbuild.deploy.accelerator.promise import requirement_findings
from twinbuild.errors import Finding, LockError, SpecError
from twinbuild.model.lock import Lock, LockedBase
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["base_facts", "refuse_requirements", "refuse_unclosed", "unclosed"]


def base_facts(base: LockedBase | None) -> BaseFacts:
    """What a base image's variables say of CUDA."""
    variables = dict(base.environment) if base is not None else {}
    return BaseFacts(cuda=variables.get("CUDA_VERSION", ""), cudnn=variables.get("NV_CUDNN_VERSION", ""))


def refuse_requirements(spec: ReleaseSpec) -> None:
    """Raise SpecError TB2413-TB2415 where a variant asks for what its CUDA cannot be."""
    findings: list[Finding] = []
    for variant in spec.environment.variants:
        driver = variant.driver or spec.environment.resources_of(variant).gpu.driver or ""
        findings += requirement_findings(variant, driver=driver)
    if findings:
        raise SpecError(tuple(findings))


def unclosed(spec: ReleaseSpec, lock: Lock) -> tuple[Finding, ...]:
    """What keeps targets of a lock from being their variants', TB2400-TB2412, TB2417 and TB2418."""
    findings: list[Finding] = []
    for variant in spec.environment.variants:
        for target in lock.targets:
            if target.variant == variant.name:
                findings += closure_findings(variant, target, base_facts(target.base))
    return tuple(findings)


def refuse_unclosed(spec: ReleaseSpec, lock: Lock) -> None:
    """Raise LockError with all of ``unclosed``."""
    if findings := unclosed(spec, lock):
        raise LockError(findings)
