"""Licences in the lock: complete as soon as the bytes are at hand, and the same whichever way they came."""

from __future__ import annotations

from dataclasses import replace

from twinbuild.codec.amounts import counted
from twinbuild.errors import Finding
from twinbuild.model.lock import Licensing, Lock
from twinbuild.pipeline.machine import Machine

__all__ = ["licences_missing", "with_licences"]


def with_licences(lock: Lock, machine: Machine, previous: Lock | None = None) -> Lock:
    """The lock with the statement of every wheel and package whose bytes the store has.

    What the store lacks keeps what ``previous`` says of the very same file, or stays unknown until a later call.
    """
    from twinbuild.resolve.licensing import read_licensing

    kept = {} if previous is None else {(entry.filename, entry.sha256): entry for entry in previous.licensing}
    found: list[Licensing] = []
    packages = lock.packages()
    for number, item in enumerate(packages, 1):
        if machine.store.has(item.sha256):
            machine.progress("reading licences", number, len(packages))
            found.append(read_licensing(item, machine.store))
        elif entry := kept.get((item.filename, item.sha256)):
            found.append(entry)
    return replace(lock, licensing=tuple(found))


def licences_missing(lock: Lock) -> tuple[Finding, ...]:
    """TB2225 where a wheel or package has no statement yet; nothing where all have."""
    known = {(entry.filename, entry.sha256) for entry in lock.licensing}
    missing = [item.filename for item in lock.packages() if (item.filename, item.sha256) not in known]
    if not missing:
        return ()
    shown = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
    return (
        Finding(
            code="TB2225",
            message=f"the lock does not say the licences of {counted(len(missing), 'package')} yet: {shown}",
            hint="run `twinbuild lock`, which reads them from the stored files, and commit release.lock",
        ),
    )
