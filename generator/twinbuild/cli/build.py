"""``twinbuild build``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import Asked, buildx_option, common, locked_option, paranoid_option, variant_option

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.pipeline.fresh.summary import ReleasedImage, ReleasedIndex

__all__ = ["command"]


@click.command("build")
@common
@locked_option
@paranoid_option
@variant_option
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
@click.option(
    "--builder",
    type=click.Choice(["embedded", "docker"]),
    default="embedded",
    show_default=True,
    help="The embedded assembler, or Docker's BuildKit from the rendered Dockerfile.",
)
@buildx_option
def command(
    *,
    asked: Asked,
    locked: bool,
    paranoid: bool,
    variants: tuple[str, ...],
    output: Path | None,
    form: str,
    builder: str,
    buildx_builder: str,
) -> None:
    """Build the images of a release from its lock, without a network.

    SPEC is a spec file or a directory with a release.yaml (default: the current directory). Where nothing changed since
    the last build and there is no --output, its digests are printed again.
    """
    from twinbuild.pipeline.release.unchanged import unchanged_build

    quick = builder == "embedded" and output is None and not paranoid
    known = unchanged_build(asked.spec, asked.overlays, os.environ, variants=variants) if quick else None
    if known is not None:
        images, indexes = known.images, known.indexes
    else:
        images, indexes = _built(
            asked,
            output,
            locked=locked,
            paranoid=paranoid,
            variants=variants,
            form=form,
            docker=buildx_builder if builder == "docker" else None,
        )
    if asked.as_json:
        shown = [{"variant": image.variant, "platform": image.platform, "digest": image.digest} for image in images]
        listed = [{"variant": index.variant, "digest": index.digest} for index in indexes]
        click.echo(json.dumps({"images": shown, "indexes": listed, "output": str(output) if output else None}))
        return
    for image in images:
        click.echo(f"{image.variant} {image.platform} {image.digest}")
    for index in indexes:
        click.echo(f"{index.variant} {','.join(index.platforms)} {index.digest}")


def _built(
    asked: Asked,
    output: Path | None,
    *,
    locked: bool,
    paranoid: bool,
    variants: tuple[str, ...],
    form: str,
    docker: str | None,
) -> tuple[tuple[ReleasedImage, ...], tuple[ReleasedIndex, ...]]:
    """Build with the embedded assembler, or with the builder of buildx that ``docker`` names ("": its default)."""
    from twinbuild.cli.session import session_for
    from twinbuild.pipeline.build.building import build_images, plan_release, source_epoch
    from twinbuild.pipeline.build.linking import refuse_missing_libraries
    from twinbuild.pipeline.images.export import export_images
    from twinbuild.pipeline.keeping import image_blobs, keep_built
    from twinbuild.pipeline.lock.lockfiles import ensure_lock
    from twinbuild.pipeline.narrowing import narrowed
    from twinbuild.pipeline.project import open_project
    from twinbuild.pipeline.release.stamping import begin, images_of, indexes_of, remember_build

    beginning = begin()
    project = open_project(asked.spec, asked.overlays).only(variants)
    with session_for(asked, paranoid=paranoid) as machine:
        lock = ensure_lock(project, machine, locked=locked, discover=False)
        epoch = source_epoch(project, machine)
        plan = plan_release(project, lock, epoch=epoch)
        if docker is None:
            images = build_images(plan, machine)
        else:
            from twinbuild.pipeline.build.buildkit import build_with_docker

            images = build_with_docker(project, plan, narrowed(project, lock), machine, buildx_builder=docker)
        keep_built(project, images, machine)
        refuse_missing_libraries(project.spec, narrowed(project, lock), plan, images, machine)
        if paranoid:
            for digest in image_blobs(images):
                machine.store.check(digest)
        if output is not None:
            export_images(project, images, machine.store, output, loadable=form == "docker")
        if docker is None:
            remember_build(project, lock, machine, images, beginning)
    return images_of(images), indexes_of(images)
