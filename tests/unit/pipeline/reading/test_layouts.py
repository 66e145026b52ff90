"""Layouts as something to push."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.registry import MANIFEST, described, document
from twinbuild.errors import IntegrityError, TwinbuildError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.reading.layouts import LayoutBlobs


def layout(directory: Path, manifest: bytes, *, name: str = "1.0.0") -> Path:
    """A layout of one manifest."""
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    entry = described(MANIFEST, manifest, annotations={"org.opencontainers.image.ref.name": name})
    (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    (blobs / Digest.of(manifest).hex).write_bytes(manifest)
    return directory


def test_read(tmp_path: Path) -> None:
    """Tags, manifests and blobs; a tag may have the image's name before it, as other tools write it."""
    manifest = document({"schemaVersion": 2, "mediaType": MANIFEST})
    blobs = LayoutBlobs(layout(tmp_path / "a", manifest, name="fraud-scorer:1.0.0"))
    (image,) = blobs.images()
    assert image.tag == "1.0.0"
    assert blobs.manifest(image.descriptor).content == manifest
    blobs.check(image.descriptor.digest)
    with blobs.open(image.descriptor.digest) as stream:
        assert stream.read() == manifest


@pytest.mark.parametrize("damage", ["changed", "gone", "link", "fifo", "large"])
def test_damaged(tmp_path: Path, damage: str) -> None:
    """RG-73: TB3211, exit 5, before anything is sent; no link is followed."""
    manifest = document({"schemaVersion": 2, "mediaType": MANIFEST})
    blobs = LayoutBlobs(layout(tmp_path / "a", manifest))
    (image,) = blobs.images()
    file = tmp_path / "a" / "blobs" / "sha256" / image.descriptor.digest.hex
    file.unlink()
    match damage:
        case "changed":
            file.write_bytes(manifest.replace(b"2", b"3", 1))
        case "link":
            (tmp_path / "elsewhere").write_bytes(manifest)
            file.symlink_to(tmp_path / "elsewhere")
        case "fifo":
            import os

            os.mkfifo(file)
        case "large":
            file.write_bytes(manifest + b" " * (5 << 20))
    for act in (lambda: blobs.manifest(image.descriptor), lambda: blobs.check(image.descriptor.digest)):
        with pytest.raises(TwinbuildError, match="TB3211") as caught:
            act()
        assert caught.value.exit_code == 5


def test_empty(tmp_path: Path) -> None:
    """RG-74: an index that names nothing."""
    directory = layout(tmp_path / "a", b"{}")
    (directory / "index.json").write_text('{"schemaVersion": 2, "manifests": []}')
    with pytest.raises(UsageError, match="TB3231"):
        LayoutBlobs(directory).images()


def test_a_release_is_what_was_verified(tmp_path: Path) -> None:
    """RG-77: TB3234 for an exchanged image, an edited manifest, one that cannot be read."""
    manifest = document({"schemaVersion": 2, "mediaType": MANIFEST})
    directory = tmp_path / "release"
    blobs = LayoutBlobs(layout(directory / "image", manifest))
    images = blobs.images()
    blobs.require_verified(images)
    good = json.dumps({"environment": {"images": [{"digest": str(Digest.of(manifest))}], "indexes": []}}).encode()
    bad = json.dumps({"environment": {"images": [{"digest": str(Digest.of(b"other"))}]}}).encode()
    for content, stated, fits in (
        (good, good, True), (bad, bad, False), (good, bad, False), (b"[]", b"[]", False), (b"[" * 9999, b"", False),
    ):  # fmt: skip
        (directory / "manifest.json").write_bytes(content)
        (directory / "release.digest").write_text(f"{Digest.of(stated)}\n")
        if fits:
            blobs.require_verified(images)
            continue
        with pytest.raises(IntegrityError, match="TB3234"):
            blobs.require_verified(images)
