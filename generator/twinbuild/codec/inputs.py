"""What a resolution depends on: digests of exactly those fields of a spec, and whether a lock still fits them.

Comments, the order of keys, line ends, overlays that change other fields: none of them makes a lock stale.
"""

from __future__ import annotations

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from twinbuild.codec.canonical import digest_of
from twinbuild.errors import Finding
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock, LockedData, Target
from twinbuild.model.spec import ReleaseSpec
from twinbuild.model.spec.environment import Base, Variant
from twinbuild.model.spec.steps import BuildStep

__all__ = [
    "artifact_inputs",
    "check_freshness",
    "debian_inputs",
    "held_data",
    "python_inputs",
    "source_inputs",
    "step_inputs",
    "steps_fit",
]


def _targets(spec: ReleaseSpec) -> list[tuple[Variant, str]]:
    environment = spec.environment
    return [
        (variant, platform)
        for variant in environment.variants
        for platform in sorted(variant.platforms or environment.platforms)
    ]


def _base(base: Base) -> object:
    debian = base.debian
    if debian is None:
        return {"image": base.image}
    return {
        **({"image": base.image} if base.image is not None else {}),
        "suite": debian.suite,
        "components": sorted(debian.components),
        "suites": sorted(debian.suites),
    }


def python_inputs(spec: ReleaseSpec) -> Digest:
    """The digest of what wheels are chosen by: requirements, indexes, cut-off date, Python, base and targets."""
    dependencies = spec.dependencies
    return digest_of(
        {
            "base": _base(spec.environment.base),  # decides the interpreter's full version and the newest manylinux
            "python": spec.environment.python,
            "targets": {
                f"{variant.name} {platform}": {
                    "runtime": variant.runtime,
                    "accelerator": variant.accelerator,
                    "cuda": variant.cuda,
                    **({"indexes": sorted(variant.indexes)} if variant.indexes else {}),
                    **({"base": _base(variant.base)} if variant.base else {}),
                }
                for variant, platform in _targets(spec)
            },
            "runtime": dependencies.runtime,
            "build": dependencies.build,
            "development": dependencies.development,
            "test": dependencies.test,
            "constraints": dependencies.constraints,
            "indexes": {
                index.name: {"url": index.url, "packages": sorted(index.packages)} for index in dependencies.indexes
            },
            "exclude_newer": dependencies.exclude_newer,
            "source_builds": sorted(dependencies.source_builds),
        }
    )


def debian_inputs(spec: ReleaseSpec) -> Digest:
    """The digest of what Debian packages are chosen by: base, Python, packages and targets."""
    bases = {variant.name: _base(variant.base) for variant in spec.environment.variants if variant.base}
    return digest_of(
        {
            "base": _base(spec.environment.base),
            "python": spec.environment.python,
            "packages": sorted(spec.environment.packages),
            "targets": {f"{variant.name} {platform}": sorted(variant.packages) for variant, platform in _targets(spec)},
            **({"bases": bases} if bases else {}),
        }
    )


def artifact_inputs(spec: ReleaseSpec) -> Digest:
    """The digest of what the model's files are: name, address, and digest and size where the spec states them."""
    return digest_of(
        {
            artifact.name: {"uri": artifact.uri, "sha256": artifact.sha256, "size": artifact.size}
            for artifact in spec.model.artifacts
        }
    )


def held_data(spec: ReleaseSpec, before: tuple[LockedData, ...]) -> tuple[LockedData, ...]:
    """Every data set and feature view with the digest that the spec states, sorted by kind and name.

    One whose digest was taken out of the spec keeps the one it had ``before`` for this version.
    """
    model = spec.model
    datasets = (("dataset", data.name, data.version or model.version, data.sha256) for data in model.datasets)
    features = (("feature", view.name, view.snapshot or "", view.schema_sha256) for view in model.features)
    known = {(each.kind, each.name, each.version): each.sha256 for each in before}
    return tuple(
        LockedData(kind=kind, name=name, version=version, sha256=digest)
        for kind, name, version, sha256 in sorted((*datasets, *features), key=lambda each: each[:2])
        if (digest := Digest(sha256) if sha256 is not None else known.get((kind, name, version))) is not None
    )


def source_inputs(spec: ReleaseSpec) -> Digest:
    """The digest of what application files are chosen by: the directory and the patterns to ignore."""
    return digest_of({"directory": spec.source.directory, "ignore": spec.source.ignore})


def step_inputs(step: BuildStep) -> Digest:
    """The digest of what a step's packages, wheels and source distributions are chosen by, beside the target's."""
    return digest_of(
        {"packages": sorted(step.packages), "wheels": step.wheels, "sdists": sorted(step.inputs.sdists)},
    )


def steps_fit(spec: ReleaseSpec, target: Target) -> bool:
    """Whether a target's steps are those of the spec, chosen by what it says now."""
    wanted = [(step.name, step_inputs(step)) for step in spec.environment.steps]
    return [(step.name, step.inputs) for step in target.steps] == wanted


def check_freshness(lock: Lock, spec: ReleaseSpec) -> tuple[Finding, ...]:
    """Why the lock does not fit the spec; nothing where it does.

    TB2220 Python, TB2221 Debian, TB2222 artifacts, TB2223 application, TB2224 a target is missing. It compares with
    the spec alone: whether application files on disk are those of the lock is for whoever reads them.
    """
    findings = [
        Finding(
            code="TB2224",
            message=f"the lock lacks the variant {variant.name!r} for {platform}",
            hint="run `twinbuild lock`",
        )
        for variant, platform in _targets(spec)
        if not any(target.variant == variant.name and str(target.platform) == platform for target in lock.targets)
    ]
    parts = (
        ("TB2220", "Python requirements", lock.python_inputs, python_inputs(spec), _python_reasons(lock, spec)),
        ("TB2221", "Debian packages", lock.debian_inputs, debian_inputs(spec), _debian_reasons(lock, spec)),
        ("TB2222", "model artifacts", lock.artifact_inputs, artifact_inputs(spec), _artifact_reasons(lock, spec)),
        ("TB2223", "application directory", lock.source_inputs, source_inputs(spec), ()),
    )
    for code, part, locked, wanted, reasons in parts:
        if locked != wanted:
            because = ": " + "; ".join(reasons) if reasons else ""
            findings.append(
                Finding(
                    code=code,
                    message=f"the lock is stale: the {part} of the spec changed since it was made{because}",
                    hint="run `twinbuild lock`, and commit release.lock with the spec",
                )
            )
    versions = {artifact.model for artifact in lock.artifacts if artifact.model} - {spec.model.version}
    findings += [
        Finding(
            code="TB2222",
            message=f"the lock is stale: its artifacts are of model {version}, the spec says {spec.model.version}",
            hint="run `twinbuild lock`, and commit release.lock with the spec",
        )
        for version in sorted(versions)
    ]
    if lock.data != held_data(spec, lock.data):
        findings.append(
            Finding(
                code="TB2222",
                message="the lock is stale: data sets or feature views of the spec changed since it was made",
                hint="run `twinbuild lock`, and commit release.lock with the spec",
            )
        )
    findings += [
        Finding(
            code="TB5320",
            message=f"the lock is stale: the build steps of {target.key} are not those of the spec",
            hint="run `twinbuild lock`, and commit release.lock with the spec",
        )
        for target in lock.targets
        if not steps_fit(spec, target)
    ]
    return tuple(findings)


def _names(requirements: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    for text in requirements:
        try:
            found.add(canonicalize_name(Requirement(text).name))
        except InvalidRequirement:  # a form that the resolver judges
            continue
    return found


def _unmarked(requirements: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text for text in requirements if ";" not in text)


def _python_reasons(lock: Lock, spec: ReleaseSpec) -> tuple[str, ...]:
    """What a reader can see from the lock itself: names that are new or gone, another Python."""
    reasons: list[str] = []
    for target in lock.targets:
        variant = next((each for each in spec.environment.variants if each.name == target.variant), None)
        if variant is None:
            continue
        if target.python.minor != spec.environment.python:
            reasons.append(f"Python {target.python.minor} is locked, the spec asks for {spec.environment.python}")
        wanted = spec.dependencies.runtime + variant.runtime
        locked = {wheel.name for wheel in target.wheels}
        reasons += [f"{name} is not locked" for name in sorted(_names(_unmarked(wanted)) - locked)]
        asked = {wheel.name for wheel in target.wheels if wheel.requested}
        reasons += [f"{name} is no longer asked for" for name in sorted(asked - _names(wanted))]
    return tuple(dict.fromkeys(reasons))


def _debian_reasons(lock: Lock, spec: ReleaseSpec) -> tuple[str, ...]:
    def locked(target: Target) -> set[str]:
        return {deb.name for deb in target.debs}

    reasons: list[str] = []
    for target in lock.targets:
        variant = next((each for each in spec.environment.variants if each.name == target.variant), None)
        if variant is not None:
            wanted = set(spec.environment.packages) | set(variant.packages)
            reasons += [f"{name} is not locked" for name in sorted(wanted - locked(target))]
    return tuple(dict.fromkeys(reasons))


def _artifact_reasons(lock: Lock, spec: ReleaseSpec) -> tuple[str, ...]:
    locked = {artifact.name: artifact for artifact in lock.artifacts}
    reasons: list[str] = []
    for artifact in spec.model.artifacts:
        entry = locked.pop(artifact.name, None)
        if entry is None:
            reasons.append(f"{artifact.name} is not locked")
        elif entry.uri != artifact.uri:
            reasons.append(f"{artifact.name} is at another address")
        elif artifact.sha256 is not None and artifact.sha256 != entry.sha256.hex:
            reasons.append(f"{artifact.name} has another digest")
        elif artifact.size is not None and artifact.size != entry.size:
            reasons.append(f"{artifact.name} has another size")
    reasons += [f"{name} is no longer part of the model" for name in locked]
    return tuple(reasons)
