"""`twinbuild compare`, on layouts that the assembler wrote."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from fakes.tiny import tiny_project
from fakes.tool import Tool, tool

__all__ = ["tool"]


@pytest.fixture
def layouts(tool: Tool, tmp_path: Path) -> tuple[str, str]:
    """Two layouts of the tiny project, one of them with another file in the application."""
    first = tiny_project(tmp_path / "first", tmp_path / "store")
    assert tool("build", str(first), "--output", "one", "-q").status == 0
    second = tmp_path / "second"
    shutil.copytree(first, second)
    (second / "app" / "main.py").write_text("print(2)\n")
    assert tool("build", str(second), "--output", "two", "-q").status == 0
    return "one", "two"


def test_equal(tool: Tool, layouts: tuple[str, str]) -> None:
    """The same image, in a layout and in a release's directory."""
    Path("release").mkdir()
    shutil.copytree("one", "release/image")
    ended = tool("compare", "one", "release", "-q")
    assert (ended.status, ended.out) == (0, "the same files and configuration\n")
    assert json.loads(tool("compare", "one", "one", "--json").out) == {"equal": True, "differences": []}


def test_different(tool: Tool, layouts: tuple[str, str]) -> None:
    """Status 1, and a line for each file; an image of a layout can be named by digest."""
    digest = json.loads(Path("two/index.json").read_text())["manifests"][0]["digest"]
    ended = tool("compare", "one", f"two@{digest}", "-q")
    assert ended.status == 1
    lines = ended.out.splitlines()
    assert [line.split("  ")[0] for line in lines if "main" in line] == ["/app/main.py"]
    found = json.loads(tool("compare", "one", "two", "--json").out)
    assert not found["equal"]
    assert {"path", "first", "second"} == set(found["differences"][0])


def test_no_image(tool: Tool, tmp_path: Path) -> None:
    """A place without a layout is named."""
    ended = tool("compare", str(tmp_path), str(tmp_path), "-q")
    assert ended.status == 2
    assert "TB8042" in ended.err


def test_another_platform(tool: Tool, layouts: tuple[str, str]) -> None:
    """An image is never taken for one of another platform, of an index or alone."""
    assert tool("compare", "one", "one", "--platform", "linux/amd64", "-q").status == 0
    ended = tool("compare", "one", "one", "--platform", "linux/arm64", "-q")
    assert (ended.status, "one has an image for linux/amd64, expected linux/arm64" in ended.err) == (2, True), ended.err
    found = json.loads(Path("one/index.json").read_text())
    content = json.dumps(found).encode()
    digest = hashlib.sha256(content).hexdigest()
    Path("one/blobs/sha256", digest).write_bytes(content)
    above = {"mediaType": found["mediaType"], "digest": f"sha256:{digest}", "size": len(content)}
    Path("one/index.json").write_text(json.dumps({**found, "manifests": [above]}))
    assert tool("compare", "one", "one", "--platform", "linux/amd64", "-q").status == 0
    ended = tool("compare", "one", "one", "--platform", "linux/arm64", "-q")
    assert (ended.status, "one has no single image for linux/arm64" in ended.err) == (2, True), ended.err


def test_damaged(tool: Tool, layouts: tuple[str, str]) -> None:
    """Bytes that are not what their digest says are never compared, nor is what the store has in their place."""
    digest = json.loads(Path("two/index.json").read_text())["manifests"][0]["digest"]
    manifest = json.loads(Path("two/blobs", digest.replace(":", "/")).read_text())
    path = Path("two/blobs", manifest["layers"][-2]["digest"].replace(":", "/"))
    path.chmod(0o644)
    path.write_bytes(b"x" * path.stat().st_size)
    assert tool("compare", "one", "two", "-q").status == 5


@pytest.mark.parametrize(
    "config",
    [
        "{{",
        "[1]",
        '{"a":' + "[" * 100_000,
        '{"rootfs": null}',
        '{"rootfs": []}',
        '{"rootfs": {"diff_ids": []}}',
        '{"rootfs": {"diff_ids": [1, 2, 3, 4, 5]}}',
        '{"rootfs": {"diff_ids": ["1", "2", "3", "4", "5"]}}',
        '{"a": NaN}',
    ],
)
def test_hostile_configurations(tool: Tool, layouts: tuple[str, str], config: str) -> None:
    """What others wrote is refused as such (exit 5), whatever it is."""
    index = json.loads(Path("two/index.json").read_text())
    manifest = json.loads(Path("two/blobs", index["manifests"][0]["digest"].replace(":", "/")).read_text())

    def put(content: bytes) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        Path("two/blobs/sha256", digest).write_bytes(content)
        return {"digest": f"sha256:{digest}", "size": len(content)}

    manifest["config"] |= put(config.encode())
    index["manifests"][0] |= put(json.dumps(manifest).encode())
    Path("two/index.json").write_text(json.dumps(index))
    ended = tool("compare", "one", "two", "-q")
    assert (ended.status, "error[TB43" in ended.err) == (5, True), ended.err


def test_a_manifest_of_other_bytes(tool: Tool, layouts: tuple[str, str]) -> None:
    """A manifest that was changed under its name is refused."""
    digest = json.loads(Path("two/index.json").read_text())["manifests"][0]["digest"]
    path = Path("two/blobs", digest.replace(":", "/"))
    path.write_bytes(path.read_bytes() + b"\n")
    ended = tool("compare", "one", "two", "-q")
    assert (ended.status, "TB4332" in ended.err) == (5, True), ended.err
