"""``twinbuild lock``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import Asked, common
from twinbuild.cli.outcome import shown
from twinbuild.codec.amounts import counted
from twinbuild.errors import DifferenceFound, LockError

if TYPE_CHECKING:
    from twinbuild.model.lock import Lock, Target
    from twinbuild.pipeline.machine import Machine
    from twinbuild.pipeline.project import Project

__all__ = ["command"]


@click.command("lock")
@common
@click.option("--check", is_flag=True, help="Only say whether the lock is fresh, and why not (exit 1).")
@click.option("--upgrade", multiple=True, metavar="PROJECT", help="Let this project move; may be repeated.")
@click.option("--upgrade-all", is_flag=True, help="Resolve everything anew, also where the lock is damaged.")
@click.option("--metadata-only", is_flag=True, help="Store no bytes; `twinbuild fetch` brings them.")
@click.option("--export", type=click.Choice(["pylock"]), help="Only write the lock in another format (PEP 751).")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where an export goes (default: lockfiles/ beside the spec).",
)
@click.option("--wheels", is_flag=True, help="Also copy the wheels that an export names to DIR/wheels.")
def command(
    *,
    asked: Asked,
    check: bool,
    upgrade: tuple[str, ...],
    upgrade_all: bool,
    metadata_only: bool,
    export: str | None,
    output: Path | None,
    wheels: bool,
) -> None:
    """Pin every dependency by digest in release.lock, and store the bytes.

    SPEC is a spec file or a directory with a release.yaml (default: the current directory). What did not change in the
    spec keeps what it pinned.
    """
    from twinbuild.cli.session import session_for
    from twinbuild.pipeline.document.declared import refuse_undeclared
    from twinbuild.pipeline.keeping import keep_locked
    from twinbuild.pipeline.lock.lockfiles import write_lock
    from twinbuild.pipeline.lock.locking import LockRequest, make_lock, stale
    from twinbuild.pipeline.lock.scripting import running
    from twinbuild.pipeline.project import open_project, read_lock, require_lock

    if not export and (output or wheels):
        raise click.UsageError("--output and --wheels belong to --export")
    project = open_project(asked.spec, asked.overlays)
    refuse_undeclared(project)
    with session_for(asked) as machine:
        try:
            previous = read_lock(project)
        except LockError:
            if check or export or not upgrade_all:
                raise
            previous = None  # nothing of it is kept, so it need not be readable
        if check:
            findings = stale(project, require_lock(previous, project), machine)
            if findings:
                raise DifferenceFound(findings)
            click.echo(json.dumps({"fresh": True}) if asked.as_json else f"{project.lock_path.name} is fresh")
            return
        if export:
            _export(project, require_lock(previous, project), machine, output, wheels=wheels, as_json=asked.as_json)
            return
        request = LockRequest(upgrade=upgrade, everything=upgrade_all, metadata_only=metadata_only)
        lock = make_lock(project, previous, machine, request)
        written = write_lock(project, lock)
        keep_locked(project, lock, machine)
    targets = [
        {
            "target": target.key,
            "wheels": len(target.wheels),
            "debian_packages": len(target.debs),
            "base": f"{target.base.reference}@{target.base.manifest.digest}" if target.base is not None else None,
            "scripts_run": list(running(target)),
        }
        for target in lock.targets
    ]
    if asked.as_json:
        click.echo(json.dumps({"lock": str(project.lock_path), "written": written, "targets": targets}))
        return
    for target in lock.targets:
        click.echo(f"{target.key}: {counted(len(target.wheels), 'wheel')}, {_ground(target)}")
        if scripts := running(target):
            click.echo(f"  scripts that run in the sandbox: {', '.join(scripts)}")
    click.echo(f"{project.lock_path.name} {'written' if written else 'unchanged'}")


def _ground(target: Target) -> str:
    """What a target stands on."""
    base = target.base
    if base is None:
        return counted(len(target.debs), "Debian package")
    system = f"{base.system} {base.system_version}, " if base.system else ""
    python = f"Python {target.python.version}, glibc {target.python.glibc}"
    added = f"{counted(len(target.debs), 'Debian package')} on the " if target.debs else ""
    return (
        f"{added}base {base.reference}@{base.manifest.digest}\n"
        f"  {counted(len(base.layers), 'layer')} with {system}{python}, {counted(len(base.packages), 'package')}"
    )


def _export(
    project: Project, lock: Lock, machine: Machine, output: Path | None, *, wheels: bool, as_json: bool
) -> None:
    """Write each target's pylock; a lock that does not fit the spec is refused."""
    from twinbuild.codec.inputs import check_freshness
    from twinbuild.pipeline.lock.pylocks import copy_wheels, write_pylocks

    findings = check_freshness(lock, project.spec)
    if findings:
        raise LockError(findings)
    directory = output or project.lockfiles
    count = copy_wheels(lock, machine, directory) if wheels else 0
    paths = write_pylocks(project, lock, directory)
    if as_json:
        click.echo(json.dumps({"files": [str(path) for path in paths], "wheels": count}))
        return
    for path in paths:
        click.echo(shown(path))
    if wheels:
        click.echo(f"{shown(directory / 'wheels')}: {counted(count, 'wheel')}")
