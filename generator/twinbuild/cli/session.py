"""What every verb needs: this machine from environment and options, and where its progress goes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from twinbuild.cli.progress import shown_progress
from twinbuild.pipeline.machine import Machine
from twinbuild.process.runner import SubprocessRunner
from twinbuild.sources.configure import settings_from
from twinbuild.store.disk import DiskStore

__all__ = ["session"]

_CONFIGURATION = "twinbuild.toml"


@contextmanager
def session(*, beside: Path, quiet: bool = False, offline: bool = False, paranoid: bool = False) -> Iterator[Machine]:
    """The machine for one command. ``beside`` is the spec or its directory, where ``twinbuild.toml`` may lie."""
    import dataclasses

    environment = dict(os.environ)
    home = environment.get("HOME") or str(Path("~").expanduser())
    directory = beside if beside.is_dir() else beside.parent
    configuration = directory / _CONFIGURATION
    settings = settings_from(
        environment,
        toml=configuration.read_bytes() if configuration.is_file() else None,
        home=home,
        toml_name=str(configuration),
        netrc=f"{home}/.netrc" if Path(home, ".netrc").is_file() else "",
    )
    if offline:
        settings = dataclasses.replace(settings, offline=True)
    temporary = Path(environment.get("TMPDIR") or "/tmp")  # noqa: S108  a private directory is made below it
    with DiskStore(Path(settings.store), paranoid=paranoid) as store, shown_progress(quiet=quiet) as progress:
        yield Machine(
            settings=settings,
            store=store,
            runner=SubprocessRunner(),
            environment=environment,
            interpreter=Path(sys.executable),
            home=home,
            scratch=temporary / f"twinbuild-{os.getuid()}",
            now=datetime.now(UTC),
            progress=progress,
        )
