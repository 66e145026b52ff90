"""``twinbuild push``: a release into a registry, nothing twice."""

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
    """A registry that keeps to the rules."""
    with FakeRegistry() as running:
        yield running


@pytest.fixture
def project(tool: Tool, tmp_path: Path) -> Path:
    """A project whose image was built into a layout beside it."""
    made = tiny_project(tmp_path / "tiny", Path(os.environ["TWINBUILD_STORE"]))
    build(tool, made)
    return made


def build(tool: Tool, project: Path) -> str:
    """Build the image into ``layout``; its digest."""
    ended = tool("build", str(project), "--output", str(project / "layout"), "--json", "--offline")
    assert ended.status == 0, ended.err
    return str(json.loads(ended.out)["images"][0]["digest"])


def pushed(tool: Tool, *arguments: object) -> dict[str, list[dict[str, object]]]:
    """What a push says of itself."""
    ended = tool("push", *map(str, arguments), "--json")
    assert ended.status == 0, ended.err
    answer: dict[str, list[dict[str, object]]] = json.loads(ended.out)
    return answer


def bodies(registry: FakeRegistry) -> list[str]:
    """Digests of the bodies that came."""
    return sorted(digest_of(request.body) for request in registry.requests if request.body)


def test_a_changed_application_sends_its_layer_alone(tool: Tool, registry: FakeRegistry, project: Path) -> None:
    """After a change of the code only changed layers, configuration and manifest go over the line, each once."""
    first = pushed(tool, project / "layout", f"{registry.authority}/team/tiny")
    assert {blob["how"] for blob in first["blobs"]} == {"uploaded"}
    assert len(bodies(registry)) == len(first["blobs"]) + 1
    registry.requests.clear()
    (project / "app" / "main.py").write_text("print('other code')\n")
    digest = build(tool, project)
    second = pushed(tool, project / "layout", f"{registry.authority}/team/tiny:next")
    assert second["images"] == [{"reference": f"{registry.authority}/team/tiny:next", "digest": digest, "images": 1}]
    before = {blob["digest"] for blob in first["blobs"]}
    changed = {str(blob["digest"]) for blob in second["blobs"]} - before
    assert 2 <= len(changed) <= 3  # application, documents of the release, configuration
    assert len(before & {blob["digest"] for blob in second["blobs"]}) >= 3
    assert bodies(registry) == sorted(changed | {digest})
    registry.requests.clear()
    third = pushed(tool, project / "layout", f"{registry.authority}/team/tiny:next")
    assert third["sent"] == 0
    assert set(registry.counts()) == {"GET", "HEAD"}


def test_mounted_from_where_it_was_pushed_before(tool: Tool, registry: FakeRegistry, project: Path) -> None:
    """Another repository of the same registry gets the blobs without a byte but the manifest."""
    pushed(tool, project / "layout", f"{registry.authority}/team/tiny")
    registry.requests.clear()
    again = pushed(tool, project / "layout", f"{registry.authority}/prod/tiny:1")
    assert {blob["how"] for blob in again["blobs"]} == {"mounted"}
    assert len(bodies(registry)) == 1
    ended = tool(
        "push", str(project / "layout"), f"{registry.authority}/third/tiny:1", "--mount-from", "team/tiny", "-q"
    )
    assert ended.status == 0
    assert "mounted" in ended.out


def test_text(tool: Tool, registry: FakeRegistry, project: Path) -> None:
    """What a person reads: the name with the release's tag, what was sent and what was there."""
    ended = tool("push", str(project / "layout"), f"{registry.authority}/team/tiny")
    assert ended.out.startswith(f"pushed   {registry.authority}/team/tiny:1.0.0  sha256:")
    assert "blobs, " in ended.out
    assert "pushing to" in ended.err
    again = tool("push", "--quiet", str(project / "layout"), f"{registry.authority}/team/tiny")
    assert "the registry had all of it under that name" in again.out
    assert again.err == ""


def test_by_digest(tool: Tool, registry: FakeRegistry, project: Path) -> None:
    """Without a tag, if the digest is the image's; another one is refused before anything is asked."""
    digest = build(tool, project)
    pushed(tool, project / "layout", f"{registry.authority}/team/tiny@{digest}")
    assert ("team/tiny", digest) in registry.manifests
    registry.requests.clear()
    ended = tool("push", str(project / "layout"), f"{registry.authority}/team/tiny@sha256:{'0' * 64}", "--json")
    assert (ended.status, json.loads(ended.err)["findings"][0]["code"]) == (2, "TB3232")
    assert registry.requests == []


def test_several_variants(tool: Tool, registry: FakeRegistry, project: Path) -> None:
    """Each variant has a tag of its own."""
    index = json.loads((project / "layout" / "index.json").read_text())
    (entry,) = index["manifests"]
    for tag in ("1.0.0-cpu", "1.0.0-cuda12"):
        entry["annotations"]["org.opencontainers.image.ref.name"] = tag
        index["manifests"].append(json.loads(json.dumps(entry)))
    del index["manifests"][0]
    (project / "layout" / "index.json").write_text(json.dumps(index))
    answer = pushed(tool, project / "layout", f"{registry.authority}/team/tiny:stable")
    assert [image["reference"] for image in answer["images"]] == [
        f"{registry.authority}/team/tiny:stable-cpu",
        f"{registry.authority}/team/tiny:stable-cuda12",
    ]
    pushed(tool, project / "layout", f"{registry.authority}/team/other")
    assert ("team/other", "1.0.0-cuda12") in registry.manifests
    for tag in ("", "1.0.0-cpu"):
        index["manifests"][1]["annotations"]["org.opencontainers.image.ref.name"] = tag
        (project / "layout" / "index.json").write_text(json.dumps(index))
        assert "TB3232" in tool("push", str(project / "layout"), f"{registry.authority}/team/tiny:stable").err


def test_damage_is_not_pushed(tool: Tool, registry: FakeRegistry, project: Path) -> None:
    """RG-75: a layer that is not what the manifest says ends with exit 5, and no manifest is there."""
    layer = max((project / "layout" / "blobs" / "sha256").iterdir(), key=lambda file: file.stat().st_size)
    content = layer.read_bytes()
    layer.chmod(0o644)
    layer.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    ended = tool("push", str(project / "layout"), f"{registry.authority}/team/tiny", "--json")
    assert (ended.status, json.loads(ended.err)["findings"][0]["code"]) == (5, "TB3211")
    assert registry.manifests == {}


def test_nothing_was_released(tool: Tool, project: Path) -> None:
    """TB3231 with the command that makes a release."""
    ended = tool("push", str(project), "registry.example/team/tiny")
    assert ended.status == 2
    assert "TB3231" in ended.err
    assert "twinbuild release" in ended.err
