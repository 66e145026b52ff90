"""Code of wheels that runs, or replaces other code, without being imported by name: refused when it is locked."""

from __future__ import annotations

import json

from twinbuild.codec.canonical import canonical, digest_of
from twinbuild.model.lock import Lock, LockedWheel
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.plan.plan import PREFIX
from twinbuild.wheel.contents import open_wheel
from twinbuild.wheel.hazards import Hazard, find_hazards, refuse_hazards
from twinbuild.wheel.layout import Layout

__all__ = ["refuse_unasked_code"]

_KIND = "unasked-code"
_RULES = 1  # raised when the rules change, so that wheels are looked at again


def refuse_unasked_code(spec: ReleaseSpec, lock: Lock, machine: Machine) -> None:
    """Raise PolicyRefused TB4111 for all such code of the images' wheels that the spec does not allow by name.

    Looks at the wheels whose bytes the store has. Raises IntegrityError where one is no sound wheel.
    """
    found = {
        hazard
        for target in lock.targets
        for wheel in target.wheels
        if machine.store.has(wheel.sha256)
        for hazard in _of(wheel, Layout(prefix=PREFIX, python=target.python.minor), machine)
    }
    refuse_hazards(sorted(found), allow=spec.dependencies.unasked_code)


def _of(wheel: LockedWheel, layout: Layout, machine: Machine) -> tuple[Hazard, ...]:
    key = digest_of({"file": wheel.filename, "sha256": wheel.sha256, "python": layout.python, "rules": _RULES})
    record = machine.store.record(_KIND, key)
    if record is not None:
        return tuple(Hazard(project=project, path=path, reason=reason) for project, path, reason in json.loads(record))
    machine.store.check(wheel.sha256)
    with machine.store.path(wheel.sha256).open("rb") as file:
        found = find_hazards((open_wheel(file, wheel.filename),), layout)
    machine.store.put_record(_KIND, key, canonical([[hazard.project, hazard.path, hazard.reason] for hazard in found]))
    return found
