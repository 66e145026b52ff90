"""Lock: spec → every byte that may enter the release, by digest, and those bytes in the store.

The only stage that discovers. Parts of the lock whose inputs in the spec did not change keep what they pinned, unless
they are asked to move.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name

from twinbuild.codec.inputs import (
    artifact_inputs,
    check_freshness,
    debian_inputs,
    held_data,
    python_inputs,
    source_inputs,
    step_inputs,
    steps_fit,
)
from twinbuild.errors import Finding, Location, LockError, SpecError
from twinbuild.model.lock import (
    AptIndex,
    Lock,
    LockedDeb,
    LockedSourceFile,
    LockedStep,
    LockedWheel,
    PythonEnvironment,
    ResolverPin,
    Target,
)
from twinbuild.model.platform import Platform
from twinbuild.model.spec.environment import Variant
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.net.opener import Opener
from twinbuild.pipeline.family.holding import refuse_changed_family
from twinbuild.pipeline.lock.accelerating import refuse_requirements, refuse_unclosed, unclosed
from twinbuild.pipeline.lock.artifacts import changed_artifacts, pin_artifacts, refuse_other_bytes
from twinbuild.pipeline.lock.fetching import fetch_lock
from twinbuild.pipeline.lock.grounding import Ground, find_ground, step_packages
from twinbuild.pipeline.lock.indexes import serving
from twinbuild.pipeline.lock.installer import pinned_installer
from twinbuild.pipeline.lock.licensing import licences_missing, with_licences
from twinbuild.pipeline.lock.scripting import with_scripts
from twinbuild.pipeline.lock.stepfiles import changed_files, changed_step_files, with_step_files
from twinbuild.pipeline.lock.unasked import refuse_unasked_code
from twinbuild.pipeline.machine import Machine, moment, reach
from twinbuild.pipeline.placing import placed_in_spec
from twinbuild.pipeline.project import Project
from twinbuild.resolve.local import read_tree
from twinbuild.resolve.python import resolve_python
from twinbuild.resolve.python_index import PythonIndex
from twinbuild.resolve.python_reading import Reading
from twinbuild.resolve.python_resolver import PythonResolver, prepare_resolver, resolver_lock, resolver_pin
from twinbuild.resolve.sdists import pin_sdists

__all__ = ["LockRequest", "application_files", "make_lock", "refresh_source", "stale"]

_RESOLVERS: Final = "resolvers"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRequest:
    """How to lock: which projects may move (``everything``: all), and whether the bytes stay where they are."""

    upgrade: tuple[str, ...] = ()
    everything: bool = False
    metadata_only: bool = False


def stale(project: Project, lock: Lock, machine: Machine) -> tuple[Finding, ...]:
    """Why a lock is not fresh; nothing where it is. Looks at the application's files too."""
    findings = list(check_freshness(lock, project.spec))
    current = application_files(project, machine)
    if current != lock.source:
        findings.append(changed_files("TB2253", "application files", lock.source, current))
    findings += changed_step_files(project, lock, machine)
    findings.extend(changed_artifacts(project, lock, machine))
    findings += licences_missing(lock)
    findings += unclosed(project.spec, lock)
    return tuple(findings)


def application_files(project: Project, machine: Machine) -> tuple[LockedSourceFile, ...]:
    """The application's files as they are now, with their bytes in the store. Raises SpecError TB23xx."""
    source = project.spec.source
    with placed_in_spec(project):
        return read_tree(
            str(project.directory),
            source.directory,
            project.ignored,
            machine.store,
            now=moment(machine),
            progress=machine.progress,
        )


def refresh_source(project: Project, lock: Lock, machine: Machine) -> Lock:
    """The lock with the application's files as they are now; everything else stays."""
    files = application_files(project, machine)
    targets = with_step_files(project, lock.targets, machine)
    return replace(lock, source=files, source_inputs=source_inputs(project.spec), targets=targets)


def make_lock(project: Project, previous: Lock | None, machine: Machine, request: LockRequest) -> Lock:
    """A lock for the spec; what ``previous`` pinned stays where the spec still asks for it.

    Raises SpecError, LockError, FetchError, IntegrityError, EnvironmentFault as the resolvers do, at the line of the
    spec that asks for what cannot be had.
    """
    with placed_in_spec(project):
        return _made(project, previous, machine, request)


def _made(project: Project, previous: Lock | None, machine: Machine, request: LockRequest) -> Lock:
    _refuse_unknown(previous, request)
    spec = project.spec
    _refuse_unsupported(spec)
    refuse_changed_family(project, machine)
    refuse_requirements(spec)
    fresh_debian = (
        previous is None
        or request.everything
        or previous.debian_inputs != debian_inputs(spec)
        or not all(steps_fit(spec, target) for target in previous.targets)  # one state of the archive for all
    )
    fresh_python = (
        fresh_debian
        or previous is None
        or bool(request.upgrade)
        or previous.python_inputs != python_inputs(spec)
        or _targets_missing(spec, previous)
    )
    machine = reach(machine) if fresh_python or not request.metadata_only else machine
    work = _Locking(project, previous, machine, request)
    targets: list[Target] = []
    indexes: dict[AptIndex, None] = {}
    for variant in sorted(spec.environment.variants, key=lambda item: item.name):
        for name in sorted(variant.platforms or spec.environment.platforms):
            platform = Platform.parse(name)
            kept = previous.target(variant.name, platform) if previous is not None else None
            if kept is not None and previous is not None and not fresh_debian:
                ground, found = Ground(debs=kept.debs, base=kept.base, python=kept.python), previous.indexes
            else:
                known = (*targets, *(previous.targets if previous is not None and not request.everything else ()))
                bases = tuple(one.base for one in known if one.base is not None and one.platform == platform)
                with placed_in_spec(project, variant):
                    found, ground = find_ground(project, machine, variant, platform, bases=bases)
            indexes |= dict.fromkeys(found)
            if kept is not None and not fresh_python:
                targets.append(kept)
            else:
                target = work.python(variant, platform, ground, kept)
                targets.append(replace(target, steps=work.steps(variant, target, ground, kept)))
    lock = Lock(
        python_inputs=python_inputs(spec),
        debian_inputs=debian_inputs(spec),
        artifact_inputs=artifact_inputs(spec),
        source_inputs=source_inputs(spec),
        resolver=work.pin if fresh_python or previous is None else previous.resolver,
        indexes=tuple(
            sorted(indexes, key=lambda index: (index.archive, index.suite, index.component, index.architecture))
        ),
        targets=with_step_files(project, tuple(sorted(targets, key=lambda target: target.key)), machine),
        artifacts=(),
        source=application_files(project, machine),
        data=held_data(spec, previous.data if previous is not None else ()),
        installer=None if fresh_python or previous is None else previous.installer,
    )
    refuse_unclosed(spec, lock)
    if fresh_python and not request.metadata_only and any(target.wheels for target in targets):
        lock = replace(lock, installer=pinned_installer(machine))
    if not request.metadata_only:
        fetch_lock(project, lock, machine)
    lock = replace(lock, artifacts=pin_artifacts(project, lock, machine))
    refuse_other_bytes(project, previous, lock)
    refuse_unasked_code(spec, lock, machine)
    return with_licences(with_scripts(lock, machine, previous), machine, previous)


class _Locking:
    """What one call of ``make_lock`` shares between targets."""

    def __init__(self, project: Project, previous: Lock | None, machine: Machine, request: LockRequest) -> None:
        self._project = project
        self._previous = previous
        self._machine = machine
        self._request = request
        self._resolver: PythonResolver | None = None
        self.pin: ResolverPin = resolver_pin(resolver_lock())

    def _resolved(
        self,
        requirements: tuple[str, ...],
        previous: tuple[LockedWheel, ...],
        pointer: str,
        *,
        variant: Variant,
        python: PythonEnvironment,
        platform: Platform,
        extra: tuple[str, ...] = (),
    ) -> tuple[LockedWheel, ...]:
        if not requirements:
            return ()
        dependencies = self._project.spec.dependencies
        newest = dependencies.exclude_newer
        reading = Reading(
            store=self._machine.store, keep=not self._request.metadata_only, progress=self._machine.progress
        )
        with placed_in_spec(self._project, variant):
            return resolve_python(
                requirements,
                python=python,
                platform=platform,
                indexes=self._indexes(variant),
                resolver=self._prepared(),
                runner=self._machine.runner,
                settings=self._machine.settings,
                home=self._machine.home,
                constraints=(*dependencies.constraints, *extra),
                exclude_newer=date.fromisoformat(newest[:10]) if newest else None,
                previous=() if self._request.everything else previous,
                upgrade=self._request.upgrade,
                pointer=pointer,
                reading=reading,
            )

    def python(self, variant: Variant, platform: Platform, ground: Ground, kept: Target | None) -> Target:
        dependencies = self._project.spec.dependencies
        python = ground.python
        self._machine.progress(f"resolving Python packages for {variant.name} {platform}", 0, 0)
        resolved = partial(self._resolved, variant=variant, python=python, platform=platform)
        wheels = resolved(
            (*dependencies.runtime, *variant.runtime), kept.wheels if kept else (), "/dependencies/runtime"
        )
        pins = _pins(wheels)
        return Target(
            variant=variant.name,
            platform=platform,
            python=python,
            debs=ground.debs,
            base=ground.base,
            wheels=wheels,
            build=resolved(dependencies.build, kept.build if kept else (), "/dependencies/build"),
            development=resolved(
                dependencies.development, kept.development if kept else (), "/dependencies/development", extra=pins
            ),
            test=resolved(dependencies.test, kept.test if kept else (), "/dependencies/test", extra=pins),
        )

    def steps(self, variant: Variant, target: Target, ground: Ground, kept: Target | None) -> tuple[LockedStep, ...]:
        """What the build steps of a target need beside what its image has."""
        steps: list[LockedStep] = []
        before = {step.name: step for step in (kept.steps if kept else ())}
        for number, step in enumerate(self._project.spec.environment.steps):
            earlier = before.get(step.name)
            debs: tuple[LockedDeb, ...] = ()
            if step.packages:
                debs = step_packages(
                    self._project, self._machine, variant, target.platform, ground=ground, more=step.packages
                )
            wheels = self._resolved(
                step.wheels,
                earlier.wheels if earlier else (),
                f"/environment/steps/{number}/wheels",
                variant=variant,
                python=target.python,
                platform=target.platform,
                extra=_pins(target.wheels),
            )
            sdists = pin_sdists(
                step.inputs.sdists,
                earlier.sdists if earlier and not self._request.everything else (),
                indexes=self._indexes(variant),
                opener=Opener(self._machine.settings),
                store=self._machine.store,
            )
            own = tuple(deb for deb in debs if deb not in target.debs)
            steps.append(LockedStep(name=step.name, inputs=step_inputs(step), debs=own, wheels=wheels, sdists=sdists))
        return tuple(steps)

    def _indexes(self, variant: Variant) -> tuple[PythonIndex, ...]:
        return serving(variant, self._machine.settings, self._project.spec)

    def _prepared(self) -> PythonResolver:
        if self._resolver is None:
            machine = self._machine
            self._resolver = prepare_resolver(
                runner=machine.runner,
                directory=Path(machine.settings.store) / _RESOLVERS,
                interpreter=machine.interpreter,
                index=PythonIndex(name="default", address=dict(machine.settings.indexes).get("default", "")),
                settings=machine.settings,
                home=machine.home,
            )
        return self._resolver


def _pins(wheels: tuple[LockedWheel, ...]) -> tuple[str, ...]:
    """Tools and steps see what the image has."""
    return tuple(f"{wheel.name}=={wheel.version}" for wheel in wheels)


def _targets_missing(spec: ReleaseSpec, previous: Lock) -> bool:
    return any(
        previous.target(variant.name, Platform.parse(name)) is None
        for variant in spec.environment.variants
        for name in variant.platforms or spec.environment.platforms
    )


def _refuse_unknown(previous: Lock | None, request: LockRequest) -> None:
    """An upgrade of something that is not locked is a mistake of spelling."""
    if not request.upgrade:
        return
    known = {
        wheel.name
        for target in (previous.targets if previous is not None else ())
        for wheels in (
            target.wheels,
            target.build,
            target.development,
            target.test,
            *(one.wheels for one in target.steps),
        )
        for wheel in wheels
    }
    import difflib

    findings = []
    for name in request.upgrade:
        if canonicalize_name(name) not in known:
            near = difflib.get_close_matches(canonicalize_name(name), sorted(known), n=1)
            hint = f"did you mean {near[0]!r}?" if near else "name a project of release.lock"
            findings.append(Finding(code="TB2254", message=f"{name!r} is not in the lock", hint=hint))
    if findings:
        raise LockError(tuple(findings))


def _refuse_unsupported(spec: ReleaseSpec) -> None:
    """What the spec can say and this version cannot lock is refused by name, not passed over."""
    if spec.dependencies.source_builds:
        raise SpecError.of(
            "TB2256",
            "source distributions are to be built, which nothing does by itself",
            hint="build it by a step (docs/steps.md), or use a project that publishes wheels, and take "
            "`dependencies.source_builds` out",
            where=Location(pointer="/dependencies/source_builds"),
        )
