"""``twinbuild release``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import common, locked_option

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.model.image import Image
    from twinbuild.pipeline.evidence import Evidence

__all__ = ["command"]


@click.command("release")
@common
@locked_option
@click.option("--reverify", is_flag=True, help="Build again even if evidence for the same derivation is there.")
@click.option("--output", type=click.Path(path_type=Path), help="Directory of the release (dist/NAME-VERSION).")
def command(
    *,
    spec: Path,
    overlays: tuple[Path, ...],
    offline: bool,
    quiet: bool,
    as_json: bool,
    locked: bool,
    reverify: bool,
    output: Path | None,
) -> None:
    """Lock if needed, build, build again under other conditions, compare, and describe.

    SPEC is a spec file or a directory with a release.yaml (default: the current directory).
    """
    from twinbuild.cli.session import session
    from twinbuild.pipeline.lockfiles import ensure_lock
    from twinbuild.pipeline.project import open_project
    from twinbuild.pipeline.releasing import release

    project = open_project(spec, overlays)
    with session(beside=spec, quiet=quiet or as_json, offline=offline) as machine:
        lock = ensure_lock(project, machine, locked=locked, discover=True)
        released = release(project, lock, machine, output=output, reverify=reverify)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "release": str(released.digest),
                    "directory": str(released.directory),
                    "written": released.written,
                    "evidence_reused": released.evidence.reused,
                    "images": [
                        {
                            "variant": image.variant,
                            "platform": str(image.platform),
                            "digest": str(image.manifest.digest),
                            "size": sum(layer.blob.size for layer in image.layers),
                            "layers": len(image.layers),
                        }
                        for image in released.images
                    ],
                }
            )
        )
        return
    metadata = project.spec.metadata
    click.echo(f"release  {metadata.name} {metadata.version}  {released.digest}")
    for image in released.images:
        size = sum(layer.blob.size for layer in image.layers) / 1e6
        what = f"{len(image.layers)} layers, {size:.1f} MB"
        click.echo(f"image    {image.variant} {image.platform}  {image.manifest.digest}  {what}")
    varied = len(released.identical.variations)
    again = _when(released.images, released.evidence)
    click.echo(f"verified built twice under {varied} variations, the same bytes ({again})")
    click.echo(f"output   {_shown(released.directory)}{'' if released.written else '  (unchanged)'}")


def _when(images: tuple[Image, ...], evidence: Evidence) -> str:
    """When the second build was made: of all layers, of none, or of some of them."""
    layers = [layer for image in images for layer in image.layers]
    earlier = sum(layer.derivation in evidence.earlier for layer in layers)
    if evidence.reused:
        return "evidence of an earlier run on this machine"
    if not earlier:
        return "just now"
    return f"{len(layers) - earlier} of {len(layers)} layers just now, the others in earlier runs on this machine"


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
