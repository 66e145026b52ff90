"""The Dockerfiles of a release: ``Dockerfile``, or ``Dockerfile.VARIANT-PLATFORM`` where there are several images."""

from __future__ import annotations

from twinbuild.model.image import BuiltLayer, Image
from twinbuild.model.plan import Derivation, Plan
from twinbuild.pipeline.templates import template
from twinbuild.render.dockerfile import SiteTemplate, render_dockerfile

__all__ = ["dockerfile", "dockerfiles"]


def dockerfile(derivation: Derivation, base: BuiltLayer, *, pip: str, site: SiteTemplate | None) -> bytes:
    """The Dockerfile of one image on that base; ``pip`` is the version that installs the wheels."""
    return render_dockerfile(
        template("Dockerfile.j2"), derivation, base_diff_id=str(base.diff_id), pip=pip, site=site
    ).encode()


def dockerfiles(plan: Plan, images: tuple[Image, ...], *, pip: str, site: SiteTemplate | None) -> dict[str, bytes]:
    """The Dockerfile of each image, by file name."""
    found = {}
    for derivation, image in zip(plan.derivations, images, strict=True):
        key = f"{derivation.variant}-{derivation.platform.file_part}"
        found["Dockerfile" if len(images) == 1 else f"Dockerfile.{key}"] = dockerfile(
            derivation, image.layers[0], pip=pip, site=site
        )
    return found
