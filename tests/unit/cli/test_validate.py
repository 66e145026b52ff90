"""``twinbuild validate``: a release that is whole, and ways in which it is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool
from twinbuild.codec.canonical import canonical
from twinbuild.model.digest import Digest

__all__ = ["tool"]


@pytest.fixture
def dist(tool: Tool, tmp_path: Path) -> Path:
    """The release of the tiny project."""
    return tiny_release(tool, tmp_path)


def test_whole(tool: Tool, dist: Path, tmp_path: Path) -> None:
    """Every file that the release manifest names, and every blob; of a manifest alone nothing else can be said."""
    digest = (dist / "release.digest").read_text().strip()
    covered = json.loads((dist / "manifest.json").read_bytes())["documents"]
    assert json.loads(tool("validate", str(dist), "--json").out) == {
        "release": digest,
        "files": len(covered),
        "alone": False,
    }
    assert len(covered) > 4
    (tmp_path / "alone.json").write_bytes((dist / "manifest.json").read_bytes())
    ended = tool("validate", str(tmp_path / "alone.json"))
    assert (ended.status, ended.out.splitlines()[0]) == (0, f"release  {digest}")
    assert "nothing beside it was looked at" in ended.out


def _changed(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def _blob(dist: Path) -> Path:
    return max((dist / "image/blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)


def _linked(dist: Path) -> None:
    (dist / "release.lock").rename(dist / "other")
    (dist / "release.lock").symlink_to("other")


def _leading_out(dist: Path) -> None:
    document = json.loads((dist / "manifest.json").read_bytes())
    document["documents"][0]["path"] = "../../app/main.py"
    (dist / "manifest.json").write_bytes(canonical(document))
    (dist / "release.digest").unlink()
    (dist / "release.digest").write_text(f"{Digest.of(canonical(document))}\n")


HARMS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "manifest": (lambda dist: _changed(dist / "manifest.json"), "TB7", "manifest.json"),
    "digest": (lambda dist: (dist / "release.digest").write_text("sha256:0\n"), "TB7004", "release.digest"),
    "file": (lambda dist: _changed(dist / "sbom.cdx.json"), "TB7005", "sbom.cdx.json"),
    "gone": (lambda dist: (dist / "release.lock").unlink(), "TB7005", "release.lock is missing"),
    "link": (_linked, "TB7005", "release.lock is a link"),
    "outside": (_leading_out, "TB7005", "lies outside of the release"),
    "added": (
        lambda dist: (dist / "deploy" / "zz.yaml").write_text("kind: Pod\n"),
        "TB7005",
        "deploy/zz.yaml was added",
    ),
    "added link": (lambda dist: (dist / "more").symlink_to("/etc"), "TB7005", "more was added"),
    "blob": (lambda dist: _changed(_blob(dist)), "TB3211", "sha256:"),
    "no blob": (lambda dist: _blob(dist).unlink(), "TB3211", "cannot be read"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_not_whole(tool: Tool, dist: Path, harm: str) -> None:
    """Exit 5, and what it is by name."""
    do, code, word = HARMS[harm]
    do(dist)
    ended = tool("validate", str(dist))
    assert ended.status == 5, ended
    assert code in ended.err
    assert word in ended.err
