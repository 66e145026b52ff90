"""What a target stands on: Debian packages, a base image, or a base image with Debian packages added to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from twinbuild.debian.interpreter import glibc_version, python_version
from twinbuild.errors import LockError
from twinbuild.model.image import Descriptor
from twinbuild.model.lock import AptIndex, LockedBase, LockedDeb, PythonEnvironment
from twinbuild.model.platform import Platform
from twinbuild.model.spec.environment import Variant
from twinbuild.net.opener import Opener
from twinbuild.pipeline.lock.basing import base_source
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.plan.plan import PREFIX
from twinbuild.pipeline.plan.standing import places
from twinbuild.pipeline.project import Project
from twinbuild.ports import Progress, Store
from twinbuild.resolve.apt_sources import read_apt_files
from twinbuild.resolve.base import BaseName, BaseSource, FoundBase, parse_base, resolve_base
from twinbuild.resolve.debian import resolve_debian

__all__ = ["Ground", "find_ground", "require_own_python", "step_packages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a target stands on, and the Python that it thereby has."""

    debs: tuple[LockedDeb, ...]
    base: LockedBase | None
    python: PythonEnvironment


def find_ground(
    project: Project, machine: Machine, variant: Variant, platform: Platform, *, bases: tuple[LockedBase, ...] = ()
) -> tuple[tuple[AptIndex, ...], Ground]:
    """The Debian packages of a target and its base image, and the suites that the packages are from.

    The first of ``bases``, of that platform, that has the spec's name and tag is taken, wherever the tag leads by now.
    """
    spec = project.spec
    stated = spec.environment.base_of(variant)
    if stated.image is None:
        indexes, debs = _debian(project, machine, variant, platform, python=spec.environment.python)
        version = python_version(debs, spec.environment.python)
        python = PythonEnvironment(version=version, implementation="cp", glibc=glibc_version(debs))
        return indexes, Ground(debs=debs, base=None, python=python)
    name = parse_base(stated.image)
    kept = next((base for base in bases if _same(name, base)), None)
    found = _base(project, machine, variant, platform, name, kept=kept)
    if found.python.version:
        indexes, debs = _debian(project, machine, variant, platform, base=found)
        require_own_python(found.locked, found.python, debs)
        return indexes, Ground(debs=debs, base=found.locked, python=found.python)
    indexes, debs = _debian(project, machine, variant, platform, base=found, python=spec.environment.python)
    python = replace(found.python, version=python_version(debs, spec.environment.python))
    return indexes, Ground(debs=debs, base=found.locked, python=python)


def require_own_python(base: LockedBase, python: PythonEnvironment, debs: tuple[LockedDeb, ...]) -> None:
    """Raise LockError TB2280 where a package would put its Python in the place of the base's, which dpkg knows not."""
    package = f"python{python.minor}-minimal"
    brought = next((deb for deb in debs if deb.name == package), None)
    if brought is not None and base.executable == f"usr/bin/python{python.minor}":
        raise LockError.of(
            "TB2280",
            f"{package} {brought.version} would replace the base's own /{base.executable} {python.version}",
            hint="name a base whose Python is a package or lies in /usr/local, or leave out the packages that need it",
            where=base.reference,
        )


def step_packages(
    project: Project, machine: Machine, variant: Variant, platform: Platform, *, ground: Ground, more: tuple[str, ...]
) -> tuple[LockedDeb, ...]:
    """The packages of a target with those of a build step, on the base that the target has."""
    python = project.spec.environment.python
    base = ground.base
    if base is None:
        return _debian(project, machine, variant, platform, more=more, python=python)[1]
    named = BaseName(name=base.name, tag=base.tag, digest=None)
    found = _base(project, machine, variant, platform, named, kept=base)
    return _debian(
        project, machine, variant, platform, more=more, base=found, python="" if found.python.version else python
    )[1]


def _same(name: BaseName, base: LockedBase) -> bool:
    """Whether a base is what a name of the spec led to."""
    same = (name.name, name.tag) == (base.name, base.tag)
    return same and name.digest in {None, base.index, base.manifest.digest}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """A source whose manifest of a locked base is in the store; of blobs, what the store lacks is fetched."""

    source: BaseSource
    store: Store
    base: LockedBase

    def manifest(self, reference: str) -> tuple[str, bytes]:
        """The locked one, or what the source has."""
        manifest = self.base.manifest
        if reference == str(manifest.digest) and self.store.has(manifest.digest):
            return manifest.media_type, self.store.read(manifest.digest, limit=manifest.size)
        return self.source.manifest(reference)

    def fetch(self, blob: Descriptor, store: Store, progress: Progress) -> None:
        """From the source."""
        self.source.fetch(blob, store, progress)


def _base(
    project: Project,
    machine: Machine,
    variant: Variant,
    platform: Platform,
    name: BaseName,
    *,
    kept: LockedBase | None = None,
) -> FoundBase:
    """The base of that name as it is today, or the one that is ``kept``."""
    spec = project.spec
    suite = spec.environment.base_of(variant).debian
    with base_source(name.name, project, machine) as source:
        found = resolve_base(
            name if kept is None else BaseName(name=kept.name, tag="", digest=kept.manifest.digest),
            platform,
            python=spec.environment.python,
            source=source if kept is None else _Stored(source=source, store=machine.store, base=kept),
            store=machine.store,
            places=places(spec, PREFIX),
            home=spec.serving.user.home,
            suite=suite.suite if suite is not None else "",
            progress=machine.progress,
        )
    return found if kept is None else replace(found, locked=replace(found.locked, tag=kept.tag, index=kept.index))


def _debian(
    project: Project,
    machine: Machine,
    variant: Variant,
    platform: Platform,
    *,
    more: tuple[str, ...] = (),
    base: FoundBase | None = None,
    python: str = "",
) -> tuple[tuple[AptIndex, ...], tuple[LockedDeb, ...]]:
    """The packages of a target, with ``more`` and a ``python``; of one on a ``base``, those that are added to it."""
    environment = project.spec.environment
    wanted = tuple(sorted({*environment.packages, *variant.packages, *more}))
    if not wanted and not python:
        return (), ()
    suite = environment.base_of(variant).debian
    assert suite is not None, "packages are named where there is a suite alone"
    machine.progress(f"resolving Debian packages for {variant.name} {platform}", 0, 0)
    return resolve_debian(
        suite,
        wanted,
        platform,
        client=Opener(machine.settings),
        settings=machine.settings,
        now=machine.now,
        python=python,
        installed=base.installed if base is not None else None,
        store=machine.store,
        host=read_apt_files().os_release,
        system=base.archive if base is not None else None,
    )
