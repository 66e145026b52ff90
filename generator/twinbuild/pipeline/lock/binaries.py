"""What the shared objects of locked wheels need, held against their variants: as soon as the bytes are there."""

from __future__ import annotations

import json
from typing import Final

from twinbuild.codec.canonical import canonical, digest_of
from twinbuild.codec.dynamic import Dynamic
from twinbuild.deploy.accelerator.binaries import binary_findings
from twinbuild.errors import Finding, LockError
from twinbuild.model.lock import Lock, LockedWheel
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.oci.linking import loaded_on_demand
from twinbuild.pipeline.lock.accelerating import base_facts
from twinbuild.pipeline.machine import Machine

__all__ = ["refuse_foreign_binaries"]

_KIND: Final = "binaries"
_RULES: Final = 1  # raised when what is read changes, so that wheels are read again

Objects = tuple[tuple[str, Dynamic], ...]


def refuse_foreign_binaries(spec: ReleaseSpec, lock: Lock, machine: Machine) -> None:
    """Raise LockError TB2430-TB2433 for every wheel whose files are not for its target's machine or accelerator.

    The store must have all wheels. Each is read once; what was found is remembered by its digest. Raises
    IntegrityError where one is no sound archive.
    """
    wheels = {wheel.sha256.hex: wheel for target in lock.targets for wheel in target.wheels}
    read: dict[str, Objects] = {}
    for number, wheel in enumerate(wheels.values(), 1):
        read[wheel.sha256.hex] = _objects(wheel, machine, number, len(wheels))
    findings: list[Finding] = []
    for variant in spec.environment.variants:
        for target in lock.targets:
            if target.variant == variant.name:
                findings += binary_findings(
                    variant,
                    target,
                    read,
                    base=base_facts(target.base),
                    absent=spec.dependencies.absent_libraries,
                )
    if findings:
        raise LockError(tuple(findings))


def _objects(wheel: LockedWheel, machine: Machine, number: int, count: int) -> Objects:
    """Its shared objects and programs, without those that are loaded on demand."""
    key = digest_of({"file": wheel.filename, "sha256": wheel.sha256, "rules": _RULES})
    found = _decode(machine.store.record(_KIND, key))
    if found is None:
        from twinbuild.wheel.archive import open_archive
        from twinbuild.wheel.binaries import wheel_binaries

        machine.progress("reading shared objects", number, count)
        machine.store.check(wheel.sha256)
        with machine.store.path(wheel.sha256).open("rb") as file:
            found = wheel_binaries(open_archive(file, name=wheel.filename))
        machine.store.put_record(_KIND, key, _encode(found))
    return tuple((path, elf) for path, elf in found if not loaded_on_demand(path))


def _encode(objects: Objects) -> bytes:
    return canonical([[path, elf.machine, elf.soname, list(elf.needed)] for path, elf in objects])


def _decode(record: bytes | None) -> Objects | None:
    """Back from a record; None where there is none, or none of this form."""
    if record is None:
        return None
    try:
        return tuple(
            (path, Dynamic(machine=machine, shared=True, soname=soname, needed=tuple(needed), rpath=(), runpath=()))
            for path, machine, soname, needed in json.loads(record)
        )
    except (ValueError, TypeError):
        return None
