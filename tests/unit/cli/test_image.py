"""``twinbuild image``: what the store knows of images."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.registry import FakeRegistry, digest_of
from fakes.tiny import tiny_project
from fakes.tool import Tool


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A registry with an image, and an index."""
    with FakeRegistry() as running:
        image = running.put_image("team/model", "1", [b"layer" * 100])
        running.put_index("team/model", "all", {"linux/amd64": image})
        yield running


def test_nothing(tool: Tool) -> None:
    """An empty store has no images."""
    assert tool("image", "ls") == (0, "", "")
    ended = tool("image", "inspect", "nothing")
    assert ended.status == 2
    assert "TB3233" in ended.err


def test_pulled_and_built(tool: Tool, registry: FakeRegistry, tmp_path: Path) -> None:
    """Both kinds are listed, and found by name and by digest."""
    project = tiny_project(tmp_path / "tiny", Path(os.environ["TWINBUILD_STORE"]))
    built = json.loads(tool("build", str(project), "--json", "--offline").out)["images"][0]["digest"]
    for tag in ("1", "all"):
        assert tool("pull", f"{registry.authority}/team/model:{tag}", "--all-platforms", "-q").status == 0
    images = json.loads(tool("image", "ls", "--json").out)["images"]
    manifest = digest_of(registry.manifests["team/model", "1"][0])
    index = digest_of(registry.manifests["team/model", "all"][0])
    assert [(image["kind"], image["digest"], image["platform"]) for image in images] == [
        ("build", built, "linux/amd64"),
        ("pulled", manifest, "linux/amd64"),
        ("pulled", index, None),
    ]
    assert images[0]["name"] == "tiny:1.0.0"
    lines = tool("image", "ls").out.splitlines()
    assert len(lines) == 3
    assert lines[1].split()[:3] == ["pulled", manifest[7:19], "linux/amd64"]

    shown = json.loads(tool("image", "inspect", built, "--json").out)
    assert shown["images"][0]["config"]["os"] == "linux"
    assert shown["images"][0]["layers"][0]["createdBy"].startswith("twinbuild: ")
    for wanted in ("tiny:1.0.0", built[7:15]):
        text = tool("image", "inspect", wanted).out
        assert f"image       {built}" in text
        assert "layer 1     " in text
        assert "label       org.opencontainers.image.title=tiny" in text
    several = tool("image", "inspect", f"{registry.authority}/team/model:all", "--json")
    assert json.loads(several.out)["images"][0]["digest"] == manifest
    assert tool("image", "rm", "tiny:1.0.0").status == 2


def test_ambiguous(tool: Tool, registry: FakeRegistry) -> None:
    """A name of an image is that image, whatever else has the same beginning; too few digits mean nothing."""
    assert tool("pull", f"{registry.authority}/team/model:1", "-q").status == 0
    digest = digest_of(registry.manifests["team/model", "1"][0])
    assert tool("image", "inspect", digest[7:10]).status == 2
    assert tool("image", "inspect", digest[7:13]).status == 0
    assert tool("image", "rm", f"{registry.authority}/team/model:1").out.startswith("no longer kept: ")
    assert tool("image", "rm", f"{registry.authority}/team/model:1").status == 2


def test_a_spec_that_is_gone(tool: Tool, tmp_path: Path) -> None:
    """Its builds are marked, variant by variant, and the next collection frees them."""
    project = tiny_project(tmp_path / "tiny", Path(os.environ["TWINBUILD_STORE"]), variants=("cpu", "gpu"))
    assert tool("build", str(project), "--offline", "-q").status == 0
    assert tool("build", str(project), "--offline", "-q", "--variant", "gpu").status == 0
    images = json.loads(tool("image", "ls", "--json").out)["images"]
    assert [(image["variant"], image["gone"]) for image in images] == [("cpu", False), ("gpu", False)]
    assert f"tiny:1.0.0 (gpu)  {project}/release.yaml\n" in tool("image", "ls").out
    assert f"{project}/release.yaml (gpu-linux-amd64)\n" in tool("store", "info").out
    (project / "release.yaml").rename(project / "moved.yaml")
    assert {image["gone"] for image in json.loads(tool("image", "ls", "--json").out)["images"]} == {True}
    assert tool("image", "ls").out.count("/release.yaml, no longer there\n") == 2
    assert "twinbuild store gc` frees it" in tool("image", "rm", images[0]["digest"]).err
    assert tool("store", "gc", "-q").status == 0
    assert tool("image", "ls") == (0, "", "")
