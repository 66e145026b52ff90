"""The Dockerfiles of a release: ``Dockerfile``, or ``Dockerfile.VARIANT-PLATFORM`` where there are several images."""

from __future__ import annotations

from twinbuild.model.image import Image
from twinbuild.model.plan import Derivation, Plan
from twinbuild.pipeline.templates import template
from twinbuild.render.dockerfile import render_dockerfile

__all__ = ["dockerfile", "dockerfiles"]


def dockerfile(derivation: Derivation, image: Image, *, pip: str) -> bytes:
    """The Dockerfile of one image; ``pip`` is the version that installs the wheels."""
    return render_dockerfile(
        template("Dockerfile.j2"), derivation, base_diff_id=str(image.layers[0].diff_id), pip=pip
    ).encode()


def dockerfiles(plan: Plan, images: tuple[Image, ...], *, pip: str) -> dict[str, bytes]:
    """The Dockerfile of each image, by file name."""
    found = {}
    for derivation, image in zip(plan.derivations, images, strict=True):
        key = f"{derivation.variant}-{derivation.platform.file_part}"
        found["Dockerfile" if len(images) == 1 else f"Dockerfile.{key}"] = dockerfile(derivation, image, pip=pip)
    return found
