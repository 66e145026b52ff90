"""The installer: pip's wheel, as the lock pins it, which the Dockerfile's steps start uninstalled."""

from __future__ import annotations

import tempfile
from pathlib import Path

from twinbuild.model.lock import Lock, LockedWheel
from twinbuild.pipeline.machine import Machine, reach
from twinbuild.resolve.python_index import PythonIndex
from twinbuild.resolve.python_resolver import download_pip, pip_digest, prepare_resolver, resolver_lock

__all__ = ["installer_of", "pinned_installer"]


def installer_of(lock: Lock, machine: Machine) -> LockedWheel:
    """The lock's installer; of a lock that is older than installers, the one that this twinbuild pins."""
    return lock.installer if lock.installer is not None else pinned_installer(machine)


def pinned_installer(machine: Machine) -> LockedWheel:
    """The wheel of the pip that this twinbuild pins, which lies in the store then.

    Raises EnvironmentFault TB2040, TB2041 where it is neither there nor to be had.
    """
    lock = resolver_lock()
    digest = pip_digest(lock)
    machine = machine if machine.store.has(digest) else reach(machine)
    index = PythonIndex(name="default", address=dict(machine.settings.indexes).get("default", ""))
    resolver = prepare_resolver(
        runner=machine.runner,
        directory=Path(machine.settings.store) / "resolvers",
        interpreter=machine.interpreter,
        index=index,
        settings=machine.settings,
        home=machine.home,
    )
    name = f"pip-{resolver.pin.pip}-py3-none-any.whl"
    if not machine.store.has(digest):
        machine.scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="pip-", dir=machine.scratch) as directory:
            found = download_pip(
                resolver,
                runner=machine.runner,
                directory=Path(directory),
                index=index,
                settings=machine.settings,
                home=machine.home,
            )
            with machine.store.writer() as sink:
                sink.write(found.read_bytes())
                sink.commit(digest)
    return LockedWheel(
        index="default",
        name="pip",
        version=resolver.pin.pip,
        filename=name,
        size=machine.store.size(digest),
        sha256=digest,
        requires=(),
        requested=False,
    )
