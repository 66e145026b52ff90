"""``twinbuild pull``: an image into the store, and out as a layout."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.registry import FakeRegistry, digest_of
from fakes.tool import Tool
from fakes.web import text


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A registry with an index of two images."""
    with FakeRegistry() as running:
        images = {
            platform: running.put_image("team/model", "x", [b"shared" * 1000, platform.encode()], platform=platform)
            for platform in ("linux/amd64", "linux/arm64", "linux/s390x")
        }
        running.put_index("team/model", "1", images)
        yield running


def name(registry: FakeRegistry) -> str:
    """The index."""
    return f"{registry.authority}/team/model:1"


def manifest_of(registry: FakeRegistry, architecture: str) -> str:
    """The digest of one of its images."""
    index = json.loads(registry.manifests["team/model", "1"][0])
    (digest,) = [entry["digest"] for entry in index["manifests"] if entry["platform"]["architecture"] == architecture]
    return str(digest)


def test_one_platform(tool: Tool, registry: FakeRegistry, tmp_path: Path) -> None:
    """The image for a platform, its layers alone; the second time from the store."""
    ended = tool("pull", name(registry), "--platform", "linux/arm64", "--output", "out", "--json")
    assert ended.status == 0, ended.err
    answer = json.loads(ended.out)
    assert answer["digest"] == manifest_of(registry, "arm64")
    assert answer["reference"] == f"{name(registry)}@{digest_of(registry.manifests['team/model', '1'][0])}"
    assert not [target for target in registry.targets() if digest_of(b"linux/amd64") in target]
    (entry,) = json.loads(Path("out/index.json").read_text())["manifests"]
    assert entry["digest"] == answer["digest"]
    assert entry["annotations"]["org.opencontainers.image.ref.name"] == "1"
    for blob in Path("out/blobs/sha256").iterdir():
        assert digest_of(blob.read_bytes()) == f"sha256:{blob.name}"
    again = tool("pull", name(registry), "--platform", "linux/arm64")
    assert "fetched  0.0 MB" in again.out


def test_whole_index(tool: Tool, registry: FakeRegistry) -> None:
    """All platforms, and a layout that can be pushed elsewhere with the same digest."""
    ended = tool("pull", name(registry), "--all-platforms", "--output", "out")
    assert ended.status == 0, ended.err
    assert "3 platforms" in ended.out
    with FakeRegistry() as island:
        pushed = tool("push", "out", f"{island.authority}/mirror/model", "--json")
        assert pushed.status == 0, pushed.err
        assert island.manifests["mirror/model", "1"] == registry.manifests["team/model", "1"]
        assert json.loads(pushed.out)["images"][0]["images"] == 3


def test_kept_until_it_is_forgotten(tool: Tool, registry: FakeRegistry) -> None:
    """What was pulled survives a collection of garbage until `image rm`."""
    assert tool("pull", name(registry), "--platform", "linux/amd64", "-q").status == 0
    assert json.loads(tool("store", "gc", "--json").out)["blobs"] == 0
    assert tool("image", "rm", name(registry)).status == 0
    assert json.loads(tool("store", "gc", "--json").out)["blobs"] == 5  # index, image, configuration, two layers


def test_by_digest(tool: Tool, registry: FakeRegistry) -> None:
    """A digest is what comes, or nothing does."""
    digest = manifest_of(registry, "amd64")
    reference = f"{registry.authority}/team/model@{digest}"
    assert json.loads(tool("pull", reference, "--json").out)["digest"] == digest
    other = f"{registry.authority}/team/other@{digest}"
    registry.answers[f"/v2/team/other/manifests/{digest}"] = text(registry.manifests["team/model", "1"][0])
    ended = tool("pull", other, "--json")
    assert (ended.status, json.loads(ended.err)["findings"][0]["code"]) == (5, "TB3210")


def test_wrong_bytes(tool: Tool, registry: FakeRegistry) -> None:
    """RG-76: a corrupted layer ends with exit 5, names the layer, and keeps no image."""
    digest = digest_of(b"shared" * 1000)
    registry.answers[f"/v2/team/model/blobs/{digest}"] = text(b"x" * 6000)
    ended = tool("pull", name(registry), "--all-platforms")
    assert ended.status == 5
    assert digest in ended.err
    assert json.loads(tool("image", "ls", "--json").out) == {"images": []}


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [(("Upper/case",), 2, "TB3201"), (("127.0.0.1:1/a/b", "--platform", "plan9/mips"), 2, "TB1120")],
)
def test_usage(tool: Tool, arguments: tuple[str, ...], status: int, code: str) -> None:
    """What cannot be meant is refused before anything is asked."""
    ended = tool("pull", *arguments)
    assert ended.status == status
    assert code in ended.err


def test_offline(tool: Tool, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """No network where the settings say so."""
    monkeypatch.setenv("TWINBUILD_OFFLINE", "1")
    assert "TB3028" in tool("pull", name(registry)).err
    assert registry.requests == []


def test_tar(tool: Tool, registry: FakeRegistry) -> None:
    """A file for `docker load`: the layout, and a list of images in the older form; of an index the layout alone."""
    assert tool("pull", name(registry), "--platform", "linux/amd64", "--output", "image.tar", "-q").status == 0
    with tarfile.open("image.tar") as archive:
        members = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        stream = members["manifest.json"]
        assert stream is not None
        (listed,) = json.loads(stream.read())
    assert listed["RepoTags"] == [name(registry)]
    assert {listed["Config"], *listed["Layers"], "index.json", "oci-layout"} < members.keys()
    assert tool("pull", name(registry), "--all-platforms", "--output", "all.tar", "-q").status == 0
    with tarfile.open("all.tar") as archive:
        assert "manifest.json" not in archive.getnames()
