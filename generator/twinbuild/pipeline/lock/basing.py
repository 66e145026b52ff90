"""Base images: where the bytes of one come from, and bringing in what a lock names of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from twinbuild.model.lock import Lock, LockedBase
from twinbuild.model.settings import addresses_of
from twinbuild.oci.foreign import base_layer
from twinbuild.oci.stack import read_stack
from twinbuild.pipeline.images.registries import open_registry
from twinbuild.pipeline.machine import Machine, reach
from twinbuild.pipeline.project import Project
from twinbuild.resolve.base import BaseSource, fetch_base
from twinbuild.resolve.base_apt import read_system_archive
from twinbuild.resolve.base_layout import LAYOUT, LayoutSource

__all__ = ["base_source", "bases_lacking", "fetch_bases", "with_archives_of_bases"]


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


def with_archives_of_bases(bases: Iterable[LockedBase], archives: Collection[str], machine: Machine) -> Machine:
    """The machine that knows where those of ``archives`` are of which no setting says it, as apt of a base does.

    The bases are in the store. Raises as ``read_stack``.
    """
    settings = machine.settings
    found: dict[str, tuple[str, ...]] = {}
    for base in bases:
        name = base.system
        if name not in archives or addresses_of(name, settings.archives):
            continue
        layers = tuple(map(base_layer, base.layers))
        stack, _ = read_stack(layers, machine.store.open)
        archive = read_system_archive(stack, layers, machine.store.open, system=name, subject=base.reference)
        found[name] = tuple(dict.fromkeys((*found.get(name, ()), *archive.addresses)))
    return replace(machine, settings=replace(settings, archives=(*settings.archives, *found.items())))
