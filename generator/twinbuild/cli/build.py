"""``twinbuild build``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from twinbuild.cli.options import common, locked_option

__all__ = ["command"]


@click.command("build")
@common
@locked_option
@click.option(
    "--output", type=click.Path(path_type=Path), help="Write the image there: a directory (OCI layout) or a .tar file."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["oci", "docker"]),
    default="oci",
    show_default=True,
    help="Kind of .tar file: an OCI layout, or one that `docker load` takes too.",
)
def command(
    *,
    spec: Path,
    overlays: tuple[Path, ...],
    offline: bool,
    quiet: bool,
    as_json: bool,
    locked: bool,
    output: Path | None,
    form: str,
) -> None:
    """Build the images of a release from its lock, without a network.

    SPEC is a spec file or a directory with a release.yaml (default: the current directory).
    """
    from twinbuild.cli.session import session
    from twinbuild.pipeline.building import build_images, plan_release, source_epoch
    from twinbuild.pipeline.export import export_images
    from twinbuild.pipeline.keeping import keep_built
    from twinbuild.pipeline.lockfiles import ensure_lock
    from twinbuild.pipeline.project import open_project

    project = open_project(spec, overlays)
    with session(beside=spec, quiet=quiet or as_json, offline=offline) as machine:
        lock = ensure_lock(project, machine, locked=locked, discover=False)
        epoch = source_epoch(project, machine)
        images = build_images(plan_release(project, lock, epoch=epoch), machine)
        keep_built(project, images, machine)
        if output is not None:
            export_images(project, images, machine.store, output, loadable=form == "docker")
    if as_json:
        shown = [
            {"variant": image.variant, "platform": str(image.platform), "digest": str(image.manifest.digest)}
            for image in images
        ]
        click.echo(json.dumps({"images": shown, "output": str(output) if output else None}))
        return
    for image in images:
        click.echo(f"{image.variant} {image.platform} {image.manifest.digest}")
