"""What every verb needs: this machine from environment and options, and where its progress goes."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from twinbuild.cli.options import Asked
from twinbuild.cli.progress import shown_progress
from twinbuild.cli.scratch import scratch_in_use
from twinbuild.errors import UsageError
from twinbuild.model.settings import Settings, store_place, without_keys
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.place import comes_with_the_project
from twinbuild.process.runner import SubprocessRunner
from twinbuild.sources.configure import settings_from
from twinbuild.store.disk import DiskStore

__all__ = ["home_of", "offline", "session", "session_for", "settings_beside"]

_CONFIGURATION = "twinbuild.toml"


@contextmanager
def session(*, beside: Path, quiet: bool = False, offline: bool = False, paranoid: bool = False) -> Iterator[Machine]:
    """The machine for one command. ``beside`` is the spec or its directory, where ``twinbuild.toml`` may lie."""
    environment = without_keys(os.environ)
    settings = settings_beside(beside, environment)
    if offline:
        settings = replace(settings, offline=True)
    with (
        DiskStore(Path(settings.store), paranoid=paranoid) as store,
        scratch_in_use(environment) as scratch,
        shown_progress(quiet=quiet) as progress,
    ):
        yield Machine(
            settings=settings,
            store=store,
            runner=SubprocessRunner(),
            environment=environment,
            interpreter=Path(sys.executable),
            home=home_of(environment),
            scratch=scratch,
            now=datetime.now(UTC),
            progress=progress,
            paranoid=paranoid,
        )


def session_for(asked: Asked, *, paranoid: bool = False) -> AbstractContextManager[Machine]:
    """The machine for a verb about a spec."""
    return session(beside=asked.spec, quiet=asked.quiet, offline=asked.offline, paranoid=paranoid)


def offline(machine: Machine) -> Machine:
    """The machine without a network, for work that needs none beside a registry that is asked already."""
    return replace(machine, settings=replace(machine.settings, offline=True))


def settings_beside(beside: Path, environment: Mapping[str, str]) -> Settings:
    """The settings of this machine. Raises UsageError TB80xx."""
    home = home_of(environment)
    directory = beside if beside.is_dir() else beside.parent
    configuration = directory / _CONFIGURATION
    settings = settings_from(
        environment,
        toml=configuration.read_bytes() if configuration.is_file() else None,
        home=home,
        toml_name=str(configuration),
        netrc=f"{home}/.netrc" if Path(home, ".netrc").is_file() else "",
    )
    stated = not environment.get("TWINBUILD_STORE") and settings.store != store_place(environment, home)
    if stated and comes_with_the_project(settings.store, directory):
        raise UsageError.of(
            "TB8034",
            f"{_CONFIGURATION} puts the store into the project, {settings.store}",
            hint="name a directory outside of it, or set TWINBUILD_STORE yourself",
            where=str(configuration),
        )
    return settings


def home_of(environment: Mapping[str, str]) -> str:
    """The user's home, or a directory that is nowhere for a user who has none."""
    with contextlib.suppress(RuntimeError):
        return environment.get("HOME") or str(Path("~").expanduser())
    return "/nonexistent"
