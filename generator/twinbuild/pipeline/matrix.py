"""The matrix of a spec: each variant on each platform, what is locked of it and what was built. It changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from twinbuild.build.embedded import EmbeddedBuilder
from twinbuild.codec.inputs import check_freshness
from twinbuild.deploy.accelerator.closure import closure_findings
from twinbuild.deploy.accelerator.table import cuda_family
from twinbuild.errors import TwinbuildError
from twinbuild.model.image import Image
from twinbuild.model.lock import Lock, Target
from twinbuild.model.platform import Platform
from twinbuild.model.spec.environment import Variant
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.pipeline.build.building import plan_release, source_epoch
from twinbuild.pipeline.lock.accelerating import base_facts
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project

__all__ = ["Cell", "matrix"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One variant on one platform. Sizes are in bytes; 0 and "" stand for what is not known."""

    variant: str
    platform: str
    accelerator: str
    cuda: str
    driver: str  # oldest that works: as the spec says, else as the CUDA needs
    compute_capabilities: tuple[str, ...]
    lock: str  # "fresh", "stale", "missing", or "open": not closed under its accelerator
    findings: tuple[str, ...]  # codes of what keeps it from being fresh or closed
    wheels: int
    debian_packages: int
    download: int  # wheels, Debian packages and base layers of the target
    unpacked: int  # layers of the built image
    image: str  # digest of the built image's manifest
    base: str  # what it stands on
    sources: tuple[str, ...]  # names of indexes and suites


def matrix(project: Project, lock: Lock | None, machine: Machine) -> tuple[Cell, ...]:
    """All cells, sorted by variant and platform."""
    spec = project.spec
    images = _built(project, lock, machine) if lock is not None else {}
    stale = tuple(finding.code for finding in check_freshness(lock, spec)) if lock is not None else ()
    return tuple(
        _cell(spec, variant, platform, lock, stale=stale, image=images.get((variant.name, platform)))
        for variant in sorted(spec.environment.variants, key=lambda item: item.name)
        for platform in sorted(map(Platform.parse, variant.platforms or spec.environment.platforms))
    )


def _built(project: Project, lock: Lock, machine: Machine) -> dict[tuple[str, Platform], Image]:
    """The images in the store that the lock leads to; none where it leads to no plan."""
    try:
        plan = plan_release(project, lock, epoch=source_epoch(project, machine))
    except TwinbuildError:
        return {}
    builder = EmbeddedBuilder(store=machine.store, runner=machine.runner, scratch=machine.scratch)
    found = (builder.built(derivation) for derivation in plan.derivations)
    return {(image.variant, image.platform): image for image in found if image is not None}


def _cell(
    spec: ReleaseSpec,
    variant: Variant,
    platform: Platform,
    lock: Lock | None,
    *,
    stale: tuple[str, ...],
    image: Image | None,
) -> Cell:
    target = lock.target(variant.name, platform) if lock is not None else None
    findings = stale
    if target is not None:
        findings += tuple(finding.code for finding in closure_findings(variant, target, base_facts(target.base)))
    open_ = len(findings) > len(stale)
    state = "missing" if target is None else "stale" if stale else "open" if open_ else "fresh"
    family = cuda_family(variant.cuda) if variant.cuda else None
    return Cell(
        variant=variant.name,
        platform=str(platform),
        accelerator=variant.accelerator,
        cuda=variant.cuda or "",
        driver=variant.driver
        or (spec.environment.resources_of(variant).gpu.driver if variant.accelerator != "none" else None)
        or (family.driver if family is not None else ""),
        compute_capabilities=tuple(variant.compute_capabilities),
        lock=state,
        findings=tuple(dict.fromkeys(findings)) if target is not None else (),
        wheels=len(target.wheels) if target is not None else 0,
        debian_packages=len(target.debs) if target is not None else 0,
        download=_download(target) if target is not None else 0,
        unpacked=sum(layer.uncompressed_size for layer in image.layers) if image is not None else 0,
        image=str(image.manifest.digest) if image is not None else "",
        base=_base(spec, variant, target),
        sources=_sources(target) if target is not None else (),
    )


def _download(target: Target) -> int:
    layers = target.base.layers if target.base is not None else ()
    return sum(item.size for item in target.contents) + sum(layer.size for layer in layers)


def _base(spec: ReleaseSpec, variant: Variant, target: Target | None) -> str:
    base = spec.environment.base_of(variant)
    if base.image is None:
        return f"debian {base.debian.suite}" if base.debian is not None else ""
    locked = target.base if target is not None else None
    return f"{locked.reference}@{locked.manifest.digest}" if locked is not None else base.image


def _sources(target: Target) -> tuple[str, ...]:
    indexes = {f"index {wheel.index}" for wheel in target.wheels}
    suites = {f"suite {deb.archive}/{deb.suite}" for deb in target.debs}
    return (*sorted(indexes), *sorted(suites))
