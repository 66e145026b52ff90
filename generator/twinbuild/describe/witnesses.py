"""What builders witnessed: statements about a release digest, which cannot be part of what they speak about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from twinbuild import __version__
from twinbuild.codec.canonical import Json
from twinbuild.describe.naming import BUILDER, DOCKER_BUILDER, WITNESS
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image
from twinbuild.model.verification import Verification

__all__ = ["BuildKitEvidence", "builder_witnesses"]

_STATEMENT: Final = "https://in-toto.io/Statement/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildKitEvidence:
    """What BuildKit built twice, and by what: none of it is part of a release, for it depends on the machine."""

    verification: Verification
    builds: tuple[tuple[Digest, ...], ...]  # manifest digests of the images, of each build
    engine: str  # version, or the driver of a builder that is no engine's own
    buildkit: str
    buildx: str
    reused: bool  # from an earlier run on this machine


def builder_witnesses(digest: Digest, images: tuple[Image, ...], buildkit: BuildKitEvidence) -> list[Json]:
    """An in-toto Statement v1 for each builder that arrived at these images; subject is the release ``digest``."""
    embedded: dict[str, Json] = {"id": BUILDER, "version": __version__}
    docker: dict[str, Json] = {
        "id": DOCKER_BUILDER,
        "version": __version__,
        "engine": buildkit.engine,
        "buildkit": buildkit.buildkit,
        "buildx": buildkit.buildx,
    }
    same = tuple(image.manifest.digest for image in images)  # of the second build, too: else there were no release
    varied: list[Json] = [variation.name for variation in buildkit.verification.variations]
    return [
        _statement(digest, images, builder=embedded, builds=(same, same), varied=None),
        _statement(digest, images, builder=docker, builds=buildkit.builds, varied=varied),
    ]


def _statement(
    digest: Digest,
    images: tuple[Image, ...],
    *,
    builder: dict[str, Json],
    builds: tuple[tuple[Digest, ...], ...],
    varied: list[Json] | None,
) -> Json:
    predicate: dict[str, Json] = {
        "builder": builder,
        "builds": [
            [
                {"name": f"{image.variant}-{image.platform.file_part}", "digest": {"sha256": found.hex}}
                for image, found in zip(images, build, strict=True)
            ]
            for build in builds
        ],
    }
    if varied is not None:
        predicate["varied"] = varied
    return {
        "_type": _STATEMENT,
        "subject": [{"name": "manifest.json", "digest": {"sha256": digest.hex}}],
        "predicateType": WITNESS,
        "predicate": predicate,
    }
