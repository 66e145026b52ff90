"""Statements of builders: about the release digest, and no part of it."""

from __future__ import annotations

import json

from fakes.images import Shelf
from twinbuild.describe.witnesses import BuildKitEvidence, builder_witnesses
from twinbuild.model.digest import Digest
from twinbuild.model.verification import Identical, Variation


def test_two_statements() -> None:
    """Subject is the release; each says who built which image, and how often."""
    image = Shelf().image()
    digest = Digest.of(b"manifest")
    evidence = BuildKitEvidence(
        verification=Identical(
            variations=(Variation(name="builder", description="another"),), images=(image.manifest.digest,)
        ),
        builds=((image.manifest.digest,), (image.manifest.digest,)),
        engine="26.1.5",
        buildkit="v0.13.1",
        buildx="0.13.1",
        reused=False,
    )
    embedded, docker = json.loads(json.dumps(builder_witnesses(digest, (image,), evidence)))
    for statement in (embedded, docker):
        assert statement["_type"] == "https://in-toto.io/Statement/v1"
        assert statement["subject"] == [{"name": "manifest.json", "digest": {"sha256": digest.hex}}]
        for build in statement["predicate"]["builds"]:
            assert build[0]["digest"] == {"sha256": image.manifest.digest.hex}
        assert len(statement["predicate"]["builds"]) == 2
    assert embedded["predicate"]["builder"]["id"] != docker["predicate"]["builder"]["id"]
    assert docker["predicate"]["builder"]["engine"] == "26.1.5"
    assert docker["predicate"]["varied"] == ["builder"]
