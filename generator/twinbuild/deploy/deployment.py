"""What is rendered for deployment: the spec, and the images that were built from it, by digest."""

from __future__ import annotations

from dataclasses import dataclass

from twinbuild.model.digest import Digest
from twinbuild.model.image import Image, ImageIndex
from twinbuild.model.lock import LockedArtifact
from twinbuild.model.platform import Platform
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["DeployedImage", "Deployment", "deployment_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedImage:
    """A variant's image as an engine pulls it: of several platforms, their index."""

    variant: str
    digest: Digest
    platforms: tuple[Platform, ...]  # sorted


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """The spec, its images, sorted by variant, and the files of the model as they are locked."""

    spec: ReleaseSpec
    images: tuple[DeployedImage, ...]
    artifacts: tuple[LockedArtifact, ...] = ()

    @property
    def stages(self) -> tuple[str, ...]:
        """Stages that the spec publishes to, in its order."""
        return tuple(self.spec.publish.repositories)

    def reference(self, image: DeployedImage, stage: str = "") -> str:
        """``REPOSITORY@DIGEST`` in a stage, or in the first one; "" where the spec publishes nowhere."""
        repositories = self.spec.publish.repositories
        chosen = stage or next(iter(repositories), "")
        return f"{repositories[chosen]}@{image.digest}" if chosen else ""


def deployment_of(
    spec: ReleaseSpec,
    images: tuple[Image, ...],
    indexes: tuple[ImageIndex, ...],
    *,
    artifacts: tuple[LockedArtifact, ...],
) -> Deployment:
    """``indexes`` are those of variants with several platforms."""
    by_variant = {index.variant: index for index in indexes}
    found = []
    for variant in sorted({image.variant for image in images}):
        index = by_variant.get(variant)
        own = [image for image in images if image.variant == variant]
        found.append(
            DeployedImage(
                variant=variant,
                digest=index.descriptor.digest if index is not None else own[0].manifest.digest,
                platforms=tuple(sorted(image.platform for image in own)),
            )
        )
    return Deployment(spec=spec, images=tuple(found), artifacts=artifacts)
