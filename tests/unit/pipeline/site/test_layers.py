"""``pipeline.site.layers``: what is in the layers of a release, read once, and held against what it says."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from fakes.signed import SignedDist, signed, signed_once
from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.site.layers import Layers, opener
from twinbuild.pipeline.site.reading import published

__all__ = ["signed", "signed_once"]


def test_layers_of_a_release(signed: SignedDist) -> None:
    """Each layer once, its packages by name; a second release with the same layers reads nothing."""
    layers = Layers()
    one = published(signed.dist, layers=layers)
    names = {group.name for each in one.contents for group in each.groups if group.kind == "wheel"}
    assert names >= {"alpha", "beta"}
    assert len(one.contents) == len({layer["digest"] for layer in one.document["environment"]["images"][0]["layers"]})

    def refusing(_digest: Digest) -> BinaryIO:
        raise AssertionError

    assert published(signed.dist, layers=layers, opened=refusing) == one
    assert published(signed.dist) == replace(one, contents=())


def test_another_layer_is_refused(signed: SignedDist) -> None:
    """A layer whose bytes are another one's is named; so is a missing one."""
    document = json.loads((signed.dist / "manifest.json").read_bytes())
    first, second, *_ = document["environment"]["images"][0]["layers"]
    opened = opener(signed.dist)
    assert opened is not None
    with pytest.raises(IntegrityError, match="TB9410"):
        Layers().of(document, lambda _: opened(Digest.parse(second["digest"])))
    (signed.dist / "image" / "blobs" / "sha256" / first["digest"].removeprefix("sha256:")).unlink()
    with pytest.raises(IntegrityError, match="TB3211"):
        Layers().of(document, opened)


def test_paths_of_any_length() -> None:
    """A layer whose files have the longest names keeps a little of each, and all of their bytes."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for number in range(8):
            member = tarfile.TarInfo(f"{number}/" + "x" * 250 + ("/" + "y" * 250) * 14)
            member.size = 3
            tar.addfile(member, io.BytesIO(b"abc"))
        for end in ("one", "two"):
            member = tarfile.TarInfo("same/" + "z" * 250 + ("/" + "z" * 250) * 4 + end)
            member.size = 5
            tar.addfile(member, io.BytesIO(b"abcde"))
    digest = str(Digest.of(content.getvalue()))
    layer = {
        "digest": digest,
        "diff_id": digest,
        "title": "wheel x 1",
        "size": 1,
        "media_type": "application/vnd.oci.image.layer.v1.tar",
    }
    manifest = {"environment": {"images": [{"layers": [layer]}]}}
    (found,) = Layers().of(manifest, lambda _: io.BytesIO(content.getvalue()))
    assert sum(group.size for group in found.groups) == 8 * 3 + 2 * 5
    assert max(len(path) for group in found.groups for path, _ in group.files) <= 512
    assert len(repr(found)) < 20_000


def test_no_images(tmp_path: Path) -> None:
    """A directory without a layout has nothing to open."""
    assert opener(tmp_path) is None
