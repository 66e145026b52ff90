"""``twinbuild release``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from twinbuild.cli.options import common, locked_option

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
    again = "evidence of an earlier run on this machine" if released.evidence.reused else "just now"
    click.echo(f"verified built twice under {varied} variations, the same bytes ({again})")
    click.echo(f"output   {_shown(released.directory)}{'' if released.written else '  (unchanged)'}")


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
