"""What a signature of an image says: the document of simple signing, as cosign and containers/image read it.

``critical`` names the image by digest and the repository that it is meant for; ``optional`` the release that it is of,
which ``cosign verify -a`` can ask for. It follows from the release manifest alone, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from twinbuild.codec.canonical import canonical
from twinbuild.model.digest import Digest
from twinbuild.model.reference import ImageReference

__all__ = ["RELEASE_CLAIM", "ImageClaim", "image_claims"]

RELEASE_CLAIM: Final = "dev.twinbuild.release"
_TYPE: Final = "cosign container image signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageClaim:
    """That an image or index is the release's, in a repository; ``payload`` are the bytes that are signed."""

    image: Digest
    repository: str
    payload: bytes


def image_claims(manifest: Mapping[str, Any], release: Digest) -> tuple[ImageClaim, ...]:
    """A claim for each repository and each image and index, sorted.

    Repositories are those of ``publish``, by their full names; where there is none, the release's name stands for it.
    Raises UsageError TB3201 for a repository that is none.
    """
    stated = set(manifest.get("publish", {}).get("repositories", {}).values())
    names = {ImageReference.parse(each).name for each in stated} or {manifest["metadata"]["name"]}
    return tuple(_claim(name, image, release) for name in sorted(names) for image in sorted(set(_images(manifest))))


def _images(manifest: Mapping[str, Any]) -> Iterator[Digest]:
    for key in ("images", "indexes"):
        for each in manifest["environment"].get(key, ()):
            yield Digest.parse(each["digest"])


def _claim(repository: str, image: Digest, release: Digest) -> ImageClaim:
    payload = canonical(
        {
            "critical": {
                "identity": {"docker-reference": repository},
                "image": {"docker-manifest-digest": str(image)},
                "type": _TYPE,
            },
            "optional": {RELEASE_CLAIM: str(release)},
        }
    )
    return ImageClaim(image=image, repository=repository, payload=payload)
