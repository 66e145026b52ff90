"""``describe.simplesigning``: a claim for each repository and image, in one order, as cosign writes the document."""

from __future__ import annotations

import json
from typing import Any

import pytest

from twinbuild.describe.simplesigning import image_claims
from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest

RELEASE = Digest.of(b"manifest")
AMD64, ARM64, INDEX = (Digest.of(name) for name in (b"amd64", b"arm64", b"index"))


def _manifest(**repositories: str) -> dict[str, Any]:
    images = [{"digest": str(digest)} for digest in (AMD64, ARM64)]
    return {
        "metadata": {"name": "scorer"},
        "environment": {"images": images, "indexes": [{"digest": str(INDEX)}]},
        "publish": {"repositories": repositories},
    }


def test_claims() -> None:
    """Each distinct repository by its full name, each image and index; stages that share a repository share claims."""
    claims = image_claims(_manifest(dev="team/scorer", test="docker.io/team/scorer", prod="r.example:5000/s"), RELEASE)
    images = sorted((AMD64, ARM64, INDEX))
    assert [(claim.repository, claim.image) for claim in claims] == [
        (repository, image) for repository in ("docker.io/team/scorer", "r.example:5000/s") for image in images
    ]
    for claim in claims:
        assert json.loads(claim.payload) == {
            "critical": {
                "identity": {"docker-reference": claim.repository},
                "image": {"docker-manifest-digest": str(claim.image)},
                "type": "cosign container image signature",
            },
            "optional": {"dev.twinbuild.release": str(RELEASE)},
        }
    assert claims == image_claims(_manifest(prod="r.example:5000/s", dev="team/scorer"), RELEASE)


def test_without_a_repository() -> None:
    """The release's name stands for it; an image that two variants share is named once."""
    manifest = _manifest()
    manifest["environment"] = {"images": [{"digest": str(AMD64)}, {"digest": str(AMD64)}]}
    assert [(claim.repository, claim.image) for claim in image_claims(manifest, RELEASE)] == [("scorer", AMD64)]
    del manifest["publish"]
    assert len(image_claims(manifest, RELEASE)) == 1


def test_no_repository() -> None:
    """A text that names none."""
    with pytest.raises(UsageError, match="TB3201"):
        image_claims(_manifest(dev="Not/A Repository"), RELEASE)
