"""``twinbuild fetch``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from twinbuild.cli.options import common

__all__ = ["command"]


@click.command("fetch")
@common
def command(*, spec: Path, overlays: tuple[Path, ...], offline: bool, quiet: bool, as_json: bool) -> None:
    """Bring everything that the lock names into the store, verified.

    SPEC is a spec file or a directory with a release.yaml (default: the current directory).
    """
    from twinbuild.cli.session import session
    from twinbuild.pipeline.fetching import fetch_lock
    from twinbuild.pipeline.keeping import keep_locked
    from twinbuild.pipeline.project import open_project, read_lock, require_lock

    project = open_project(spec, overlays)
    with session(beside=spec, quiet=quiet or as_json, offline=offline) as machine:
        lock = require_lock(read_lock(project), project)
        count = fetch_lock(project, lock, machine)
        keep_locked(project, lock, machine)
    click.echo(json.dumps({"fetched": count}) if as_json else f"{count} files fetched")
