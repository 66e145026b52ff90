"""``twinbuild fetch``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from twinbuild.cli.options import Asked, common, variant_option
from twinbuild.cli.outcome import shown
from twinbuild.codec.amounts import counted

__all__ = ["command"]


@click.command("fetch")
@common
@variant_option
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Also write the build context of the release's Dockerfile there.",
)
def command(
    *,
    asked: Asked,
    variants: tuple[str, ...],
    into: Path | None,
) -> None:
    """Bring everything that the lock names into the store, verified.

    With --into, also write the context from which the release's Dockerfile builds: the operating system as an archive,
    wheels, model files, the application, and the Dockerfile itself.

    SPEC is a spec file or a directory with a release.yaml (default: the current directory).
    """
    from twinbuild.cli.session import session_for
    from twinbuild.pipeline.keeping import keep_locked
    from twinbuild.pipeline.lock.fetching import fetch_lock
    from twinbuild.pipeline.narrowing import narrowed
    from twinbuild.pipeline.project import open_project, read_lock, require_lock

    project = open_project(asked.spec, asked.overlays).only(variants)
    with session_for(asked) as machine:
        lock = require_lock(read_lock(project), project)
        count = fetch_lock(project, narrowed(project, lock), machine)
        keep_locked(project, lock, machine)
        if into is not None:
            from twinbuild.pipeline.build.building import build_images, plan_release, source_epoch
            from twinbuild.pipeline.build.context import write_context

            plan = plan_release(project, lock, epoch=source_epoch(project, machine))
            write_context(project, plan, build_images(plan, machine), narrowed(project, lock), machine, target=into)
    if asked.as_json:
        click.echo(json.dumps({"fetched": count, "context": str(into) if into else None}))
    else:
        click.echo(f"{counted(count, 'file')} fetched" + (f", context written to {shown(into)}" if into else ""))
