"""``twinbuild lock``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from twinbuild.cli.options import common
from twinbuild.errors import DifferenceFound

__all__ = ["command"]


@click.command("lock")
@common
@click.option("--check", is_flag=True, help="Only say whether the lock is fresh, and why not (exit 1).")
@click.option("--upgrade", multiple=True, metavar="PROJECT", help="Let this project move; may be repeated.")
@click.option("--upgrade-all", is_flag=True, help="Resolve everything anew.")
@click.option("--metadata-only", is_flag=True, help="Store no bytes; `twinbuild fetch` brings them.")
def command(
    *,
    spec: Path,
    overlays: tuple[Path, ...],
    offline: bool,
    quiet: bool,
    as_json: bool,
    check: bool,
    upgrade: tuple[str, ...],
    upgrade_all: bool,
    metadata_only: bool,
) -> None:
    """Pin every dependency by digest in release.lock, and store the bytes.

    SPEC is a spec file or a directory with a release.yaml (default: the current directory). What did not change in the
    spec keeps what it pinned.
    """
    from twinbuild.cli.session import session
    from twinbuild.pipeline.keeping import keep_locked
    from twinbuild.pipeline.lockfiles import write_lock
    from twinbuild.pipeline.locking import LockRequest, make_lock, stale
    from twinbuild.pipeline.project import open_project, read_lock, require_lock

    project = open_project(spec, overlays)
    with session(beside=spec, quiet=quiet or as_json, offline=offline) as machine:
        previous = read_lock(project)
        if check:
            findings = stale(project, require_lock(previous, project), machine)
            if findings:
                raise DifferenceFound(findings)
            click.echo(json.dumps({"fresh": True}) if as_json else f"{project.lock_path.name} is fresh")
            return
        request = LockRequest(upgrade=upgrade, everything=upgrade_all, metadata_only=metadata_only)
        lock = make_lock(project, previous, machine, request)
        written = write_lock(project, lock)
        keep_locked(project, lock, machine)
    targets = [
        {"target": target.key, "wheels": len(target.wheels), "debian_packages": len(target.debs)}
        for target in lock.targets
    ]
    if as_json:
        click.echo(json.dumps({"lock": str(project.lock_path), "written": written, "targets": targets}))
        return
    for target in targets:
        click.echo(f"{target['target']}: {target['wheels']} wheels, {target['debian_packages']} Debian packages")
    click.echo(f"{project.lock_path.name} {'written' if written else 'unchanged'}")
