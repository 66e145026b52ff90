"""``twinbuild verify``."""

from __future__ import annotations

import json

import click

from twinbuild.cli.options import Asked, common, locked_option, variant_option

__all__ = ["command"]


@click.command("verify")
@common
@locked_option
@variant_option
@click.option("--reverify", is_flag=True, help="Build again even if evidence for the same derivation is there.")
def command(
    *,
    asked: Asked,
    locked: bool,
    variants: tuple[str, ...],
    reverify: bool,
) -> None:
    """Build again under other conditions and compare every byte (exit 7 on a difference).

    SPEC is a spec file or a directory with a release.yaml (default: the current directory).
    """
    from twinbuild.cli.session import session_for
    from twinbuild.pipeline.build.building import build_images, plan_release, source_epoch, verify_images
    from twinbuild.pipeline.keeping import keep_built
    from twinbuild.pipeline.lock.lockfiles import ensure_lock
    from twinbuild.pipeline.project import open_project
    from twinbuild.pipeline.release.identical import require_identical

    project = open_project(asked.spec, asked.overlays).only(variants)
    with session_for(asked) as machine:
        lock = ensure_lock(project, machine, locked=locked, discover=False)
        epoch = source_epoch(project, machine)
        images = build_images(plan_release(project, lock, epoch=epoch), machine)
        keep_built(project, images, machine)
        evidence = verify_images(project, images, machine, epoch=epoch, again=reverify)
    identical = require_identical(evidence.verification)
    if asked.as_json:
        click.echo(
            json.dumps(
                {
                    "identical": True,
                    "reused": evidence.reused,
                    "images": [str(digest) for digest in identical.images],
                    "variations": [variation.name for variation in identical.variations],
                    "witnesses": dict(evidence.witnesses),
                }
            )
        )
        return
    for digest in identical.images:
        click.echo(f"{digest} built twice, the same bytes{' (evidence of an earlier run)' if evidence.reused else ''}")
    click.echo(f"varied: {', '.join(variation.name for variation in identical.variations)}")
