"""``twinbuild doctor``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from twinbuild.cli.options import json_option, offline_option

__all__ = ["command"]


@click.command("doctor")
@offline_option
@json_option
def command(*, offline: bool, as_json: bool) -> int:
    """Say what this machine can do, and what to do about the rest (exit 4 if something is missing).

    Changes nothing. `note` marks what may be in order, such as an index that cannot be reached at the moment, or a
    missing Docker, which only `--builder docker` needs.
    """
    import sys
    from dataclasses import asdict, replace
    from datetime import UTC, datetime

    from twinbuild import __version__
    from twinbuild.cli.scratch import scratch_directory
    from twinbuild.cli.session import home_of, settings_beside
    from twinbuild.model.settings import without_keys
    from twinbuild.pipeline.examining import Check, State, examine
    from twinbuild.pipeline.examining_docker import examine_docker, examine_registries
    from twinbuild.pipeline.machine import Machine, reach
    from twinbuild.ports import silent
    from twinbuild.process.runner import SubprocessRunner
    from twinbuild.store.memory import MemoryStore

    environment = without_keys(os.environ)
    settings = settings_beside(Path(), environment)
    settings = replace(settings, offline=offline or settings.offline)
    machine = Machine(
        settings=replace(settings, offline=False),  # pip and apt are asked what they are set to, not the network
        store=MemoryStore(),
        runner=SubprocessRunner(),
        environment=environment,
        interpreter=Path(sys.executable),
        home=home_of(environment),
        scratch=Path(),
        now=datetime.now(UTC),
        progress=silent,
    )
    found = [Check(name="twinbuild", state=State.OK, detail=__version__)]
    found += examine(
        settings,
        machine.runner,
        scratch=lambda: scratch_directory(environment),
        reached=lambda: replace(reach(machine).settings, offline=settings.offline),
    )
    found += examine_docker(settings, machine.runner, environment)
    found += examine_registries(settings, environment, machine.home)
    good = all(check.state is not State.MISSING for check in found)
    if as_json:
        click.echo(json.dumps({"ok": good, "checks": [asdict(check) for check in found]}))
    else:
        for check in found:
            click.echo(f"{check.state:8}{check.name}: {check.detail}")
            if check.remedy:
                click.echo(f"{'':8}  {check.remedy}")
    return 0 if good else 4
