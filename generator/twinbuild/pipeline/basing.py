"""Base images: where the bytes of one come from, and bringing in what a lock names of it."""

from __future__ import annotations

from twinbuild.errors import SpecError
from twinbuild.model.lock import Lock, LockedBase
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project
from twinbuild.resolve.base import BaseSource, fetch_base
from twinbuild.resolve.base_layout import LAYOUT, LayoutSource

__all__ = ["base_source", "bases_lacking", "fetch_bases"]


def base_source(name: str, project: Project, machine: Machine) -> BaseSource:  # noqa: ARG001  a registry needs it
    """Where manifests and blobs of a base of that name are: an OCI layout below the project, or a registry."""
    if name.startswith(LAYOUT):
        return LayoutSource(directory=project.directory / name.removeprefix(LAYOUT))
    raise SpecError.of(
        "TB2255",
        f"the base {name} lies in a registry, which this version cannot ask",
        hint="copy it to a directory (`skopeo copy docker://… oci:DIR`) and name that: `image: oci-layout:DIR`",
    )


def bases_lacking(lock: Lock, machine: Machine) -> tuple[LockedBase, ...]:
    """The bases of which the store lacks something, each once."""
    bases = {base.manifest.digest: base for target in lock.targets if (base := target.base) is not None}
    return tuple(base for base in bases.values() if any(not machine.store.has(blob.digest) for blob in base.blobs))


def fetch_bases(project: Project, lock: Lock, machine: Machine) -> int:
    """Bring what the store lacks of the lock's bases, by digest; how many blobs. Raises FetchError, IntegrityError."""
    return sum(
        fetch_base(base, base_source(base.name, project, machine), machine.store, machine.progress)
        for base in bases_lacking(lock, machine)
    )
