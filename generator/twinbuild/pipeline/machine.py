"""This machine as the stages see it: settings, store and processes, gathered once."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from twinbuild.model.settings import Settings
from twinbuild.ports import Progress, Runner, Store, silent

__all__ = ["Machine", "apart", "moment", "reach"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a stage may use. ``environment`` is the caller's, read once at the edge; ``scratch`` is for what goes."""

    settings: Settings
    store: Store
    runner: Runner
    environment: Mapping[str, str]
    interpreter: Path  # of twinbuild itself: makes the resolver's environment and runs the second build
    home: str
    scratch: Path
    now: datetime
    progress: Progress
    paranoid: bool = False  # hash again what the status of a file vouches for


def apart(store: Store, scratch: Path, *, paranoid: bool = False) -> Machine:
    """What knows nothing of this machine, for builds from a store alone: no network, variables, home or clock."""
    from twinbuild.process.runner import SubprocessRunner

    return Machine(
        settings=Settings(store=str(scratch / "store"), offline=True),
        store=store,
        runner=SubprocessRunner(),
        environment={},
        interpreter=Path(sys.executable),
        home="/nonexistent",
        scratch=scratch / "work",
        now=datetime.fromtimestamp(0, UTC),
        progress=silent,
        paranoid=paranoid,
    )


def moment(machine: Machine) -> int | None:
    """The clock in ns since 1970, for those who know files by their status; None where all is to be read again."""
    return None if machine.paranoid else int(machine.now.timestamp() * 1e9)


def reach(machine: Machine) -> Machine:
    """The machine with what only a stage that uses the network must know: pip's index, apt's mirrors.

    pip is asked as a program and apt's files are read, so this is left out of a build.
    """
    from twinbuild.resolve.apt_sources import AptFiles, read_apt_files
    from twinbuild.resolve.mirrors import find_mirrors
    from twinbuild.resolve.pipconfig import read_pip_configuration

    settings = machine.settings
    if settings.offline:
        return machine
    if "default" not in dict(settings.indexes):
        pip = read_pip_configuration(
            machine.runner,
            interpreters=(machine.interpreter,),
            environment=tuple(sorted(machine.environment.items())),
        )
        settings = replace(
            settings,
            indexes=(*settings.indexes, ("default", pip.index)),
            wheel_directories=pip.directories,
            certificates=settings.certificates or pip.certificates,
            proxies=settings.proxies or ((("https", pip.proxy), ("http", pip.proxy)) if pip.proxy else ()),
        )
    mirrors = find_mirrors(machine.environment, read_apt_files())
    stated = find_mirrors(machine.environment, AptFiles(os_release="", sources=()))  # by variables, which come first
    known = dict(mirrors.archives) | dict(settings.archives) | dict(stated.archives)
    snapshots = dict(settings.snapshots) | dict(mirrors.snapshots)
    settings = replace(
        settings,
        archives=tuple(sorted((name, addresses) for name, addresses in known.items() if addresses)),
        snapshots=tuple(sorted((name, addresses) for name, addresses in snapshots.items() if addresses)),
    )
    return replace(machine, settings=settings)
