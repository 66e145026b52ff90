"""Every file of a release looked into, as far as its bill of materials says what lies inside."""

from __future__ import annotations

from types import MappingProxyType

from twinbuild.model.digest import Digest
from twinbuild.model.inspection import Inspection, InstalledStatement
from twinbuild.model.lock import Lock
from twinbuild.pipeline.machine import Machine
from twinbuild.resolve.base_statements import base_statements
from twinbuild.resolve.inspection import inspect_blob, inspect_package

__all__ = ["inspect_bases", "inspect_release"]


def inspect_release(lock: Lock, machine: Machine) -> MappingProxyType[Digest, Inspection]:
    """What was found in each package, wheel and file of the model and the application, by SHA-256.

    All of them were read by the build, so the store has them; LockError TB3102 where it lost one since.
    """
    found: dict[Digest, Inspection] = {}
    packages = lock.packages()
    for number, item in enumerate(packages, 1):
        machine.progress("looking into packages", number, len(packages))
        found[item.sha256] = inspect_package(item, machine.store)
    files = {each.sha256 for each in lock.artifacts} | {each.sha256 for each in lock.source}
    for digest in sorted(files, key=str):
        found[digest] = inspect_blob(digest, machine.store)
    return MappingProxyType(found)


def inspect_bases(lock: Lock, machine: Machine) -> MappingProxyType[Digest, tuple[InstalledStatement, ...]]:
    """What each base image says of the packages in it, by the digest of its manifest. Raises as ``base_statements``."""
    bases = dict.fromkeys(target.base for target in lock.targets if target.base is not None)
    found: dict[Digest, tuple[InstalledStatement, ...]] = {}
    for base in bases:
        machine.progress(f"looking into the base {base.reference}", 0, 0)
        found[base.manifest.digest] = base_statements(base, machine.store)
    return MappingProxyType(found)
