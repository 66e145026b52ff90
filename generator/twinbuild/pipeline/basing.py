"""Base images: where the bytes of one come from, and bringing in what a lock names of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from twinbuild.model.lock import Lock, LockedBase
from twinbuild.pipeline.machine import Machine, reach
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.registries import open_registry
from twinbuild.resolve.base import BaseSource, fetch_base
from twinbuild.resolve.base_layout import LAYOUT, LayoutSource

__all__ = ["base_source", "bases_lacking", "fetch_bases"]


@contextmanager
def base_source(name: str, project: Project, machine: Machine) -> Iterator[BaseSource]:
    """Where manifests and blobs of a base of that name are: an OCI layout below the project, or a registry."""
    if name.startswith(LAYOUT):
        yield LayoutSource(directory=project.directory / name.removeprefix(LAYOUT))
        return
    from twinbuild.resolve.base_registry import RegistrySource  # start-up is measured

    with open_registry(machine) as client:
        yield RegistrySource(client=client, name=name)


def bases_lacking(lock: Lock, machine: Machine) -> tuple[LockedBase, ...]:
    """The bases of which the store lacks something, each once."""
    bases = {base.manifest.digest: base for target in lock.targets if (base := target.base) is not None}
    return tuple(base for base in bases.values() if any(not machine.store.has(blob.digest) for blob in base.blobs))


def fetch_bases(project: Project, lock: Lock, machine: Machine) -> int:
    """Bring what the store lacks of the lock's bases, by digest; how many blobs. Raises FetchError, IntegrityError."""
    lacking = bases_lacking(lock, machine)
    machine = reach(machine) if lacking else machine
    count = 0
    for base in lacking:
        with base_source(base.name, project, machine) as source:
            count += fetch_base(base, source, machine.store, machine.progress)
    return count
