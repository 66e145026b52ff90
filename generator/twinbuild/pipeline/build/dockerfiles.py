"""The Dockerfiles of a release: ``Dockerfile``, or ``Dockerfile.VARIANT-PLATFORM`` where there are several images."""

from __future__ import annotations

from twinbuild.build.templating import render_site
from twinbuild.model.image import BuiltLayer, Image
from twinbuild.model.plan import Derivation, Plan
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.templates import template
from twinbuild.render.dockerfile import SiteTemplate, render_dockerfile

__all__ = ["dockerfile", "dockerfiles"]


def dockerfile(
    derivation: Derivation, base: BuiltLayer, machine: Machine, *, pip: str, site: SiteTemplate | None
) -> bytes:
    """The Dockerfile of one image on that base; ``pip`` is the version that installs the wheels.

    A site's template runs in a process of its own. Raises SpecError TB5230, TB5231.
    """
    ours, below = template("Dockerfile.j2"), str(base.diff_id)
    if site is None:
        return render_dockerfile(ours, derivation, base_diff_id=below, pip=pip).encode()
    return render_site(
        ours,
        derivation,
        base_diff_id=below,
        pip=pip,
        site=site,
        runner=machine.runner,
        interpreter=machine.interpreter,
    ).encode()


def dockerfiles(
    plan: Plan, images: tuple[Image, ...], machine: Machine, *, pip: str, site: SiteTemplate | None
) -> dict[str, bytes]:
    """The Dockerfile of each image, by file name. Raises as ``dockerfile``."""
    found = {}
    for derivation, image in zip(plan.derivations, images, strict=True):
        key = f"{derivation.variant}-{derivation.platform.file_part}"
        found["Dockerfile" if len(images) == 1 else f"Dockerfile.{key}"] = dockerfile(
            derivation, image.layers[0], machine, pip=pip, site=site
        )
    return found
