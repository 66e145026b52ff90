"""``index.json`` and ``oci-layout``, held to the release's images. More is in ``unit/cli/test_validate.py``."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from fakes.registry import CONFIG, MANIFEST, described, document
from fakes.tiny import tiny_project
from fakes.tool import Tool, tool
from twinbuild import __version__
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor, Image
from twinbuild.model.platform import Platform
from twinbuild.oci.layout import image_layout
from twinbuild.pipeline.reading.layoutheld import layout_faults
from twinbuild.pipeline.reading.layouts import LayoutBlobs

__all__ = ["tool"]


def test_of_variants(tool: Tool, tmp_path: Path) -> None:
    """The entries of each variant, in their order; another version may have sorted them otherwise, but not called."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store", variants=("one", "two"))
    assert tool("release", str(project), "--locked", "-q").status == 0
    dist = project / "dist" / "tiny-1.0.0"
    document = json.loads((dist / "manifest.json").read_bytes())
    other = {**document, "generator": {"version": "0.0.9"}}
    source, file = LayoutBlobs(dist / "image"), dist / "image" / "index.json"
    index = json.loads(file.read_bytes())
    assert [list(layout_faults(source, each)) for each in (document, other)] == [[], []]
    file.unlink()
    file.write_text(json.dumps({**index, "manifests": index["manifests"][::-1]}))
    assert [[name for name, _ in layout_faults(source, each)] for each in (document, other)] == [["index.json"], []]
    first, second = index["manifests"]
    swapped = [{**first, "annotations": second["annotations"]}, {**second, "annotations": first["annotations"]}]
    for manifests in (swapped, [first], [*index["manifests"], first], {}):
        file.write_text(json.dumps({**index, "manifests": manifests}))
        assert [name for name, _ in layout_faults(source, other)] == ["index.json"]


def test_of_platforms(tmp_path: Path) -> None:
    """A variant with several platforms has one entry, which is an index; one that is said to be alone has none."""
    images, stated = [], []
    for platform in ("linux/amd64", "linux/arm64"):
        config = document({"of": platform})
        content = document({"schemaVersion": 2, "config": described(CONFIG, config), "layers": []})
        manifest = Descriptor(media_type=MANIFEST, digest=Digest.of(content), size=len(content))
        below = Descriptor(media_type=CONFIG, digest=Digest.of(config), size=len(config))
        image = Image(
            derivation=manifest.digest,
            variant="cpu",
            platform=Platform.parse(platform),
            manifest=manifest,
            config=below,
            layers=(),
        )
        images.append(image)
        stated.append({"variant": "cpu", "platform": platform, "digest": str(manifest.digest)})
        (tmp_path / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
        (tmp_path / "blobs" / "sha256" / manifest.digest.hex).write_bytes(content)
    release = {
        "generator": {"version": __version__},
        "metadata": {"name": "tiny", "version": "1.0.0"},
        "environment": {"images": stated},
    }
    source = LayoutBlobs(tmp_path)
    for group, faults in ((images, []), (images[:1], ["index.json"]), (_swapped(images), ["index.json"])):
        for file in image_layout("tiny", "1.0.0", group):
            if isinstance(file.content, bytes):
                (tmp_path / file.path).write_bytes(file.content)
        assert [name for name, _ in layout_faults(source, release)] == faults


def _swapped(images: list[Image]) -> list[Image]:
    """Each image for the platform of the other."""
    return [replace(image, platform=other.platform) for image, other in zip(images, reversed(images), strict=True)]
