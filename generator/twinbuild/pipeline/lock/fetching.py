"""Fetch: whatever a lock names and the store lacks, brought in and verified."""

from __future__ import annotations

from twinbuild.model.lock import Lock, LockedDeb
from twinbuild.model.settings import addresses_of
from twinbuild.pipeline.lock.artifacts import extract_artifacts
from twinbuild.pipeline.lock.basing import fetch_bases, with_archives_of_bases
from twinbuild.pipeline.lock.binaries import refuse_foreign_binaries
from twinbuild.pipeline.lock.indexes import located
from twinbuild.pipeline.lock.sourced import files_of
from twinbuild.pipeline.machine import Machine, reach
from twinbuild.pipeline.project import Project
from twinbuild.ports import Fetcher
from twinbuild.sources.fetch import Item, RemoteFetcher

__all__ = ["fetch_lock", "lacking"]


def lacking(lock: Lock, machine: Machine) -> tuple[Item, ...]:
    """What an image of the lock needs and the store lacks, and the wheels that artifacts are taken from."""
    return tuple(item for item in files_of(lock) if not machine.store.has(item.sha256))


def fetch_lock(project: Project, lock: Lock, machine: Machine) -> int:
    """Store everything that the lock names; how many files were missing.

    Raises as ``RemoteFetcher.fetch`` does, and LockError TB2430-TB2433 where a wheel is not what its target needs.
    """
    missing, count = lacking(lock, machine), 0
    if missing:
        machine, count = _knowing_archives(project, lock, missing, reach(machine))
        settings = located(machine.settings, project.spec)
        fetcher: Fetcher = RemoteFetcher(settings, project=str(project.directory), apt_indexes=lock.indexes)
        fetcher.fetch(missing, machine.store, machine.progress)
        extract_artifacts(lock, machine)
    count += len(missing) + fetch_bases(project, lock, machine)
    refuse_foreign_binaries(project.spec, lock, machine)
    return count


def _knowing_archives(project: Project, lock: Lock, missing: tuple[Item, ...], machine: Machine) -> tuple[Machine, int]:
    """The machine that knows the archives of what is missing, and how many blobs of bases were brought to ask them."""
    needed = {item.archive for item in missing if isinstance(item, LockedDeb)}
    unknown = {name for name in needed if not addresses_of(name, machine.settings.archives)}
    bases = dict.fromkeys(base for target in lock.targets if (base := target.base) is not None)
    if machine.settings.offline or not unknown & {base.system for base in bases}:
        return machine, 0
    count = fetch_bases(project, lock, machine)
    return with_archives_of_bases(bases, unknown, machine), count
