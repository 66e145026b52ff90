"""``twinbuild report``: a release in, a page out."""

from __future__ import annotations

import json
from pathlib import Path

from fakes.signed import SignedDist, signed, signed_once
from fakes.tool import Tool, tool

__all__ = ["signed", "signed_once", "tool"]


def test_report(signed: SignedDist, tmp_path: Path, tool: Tool) -> None:
    """The page names the keys, and says that it did not verify them."""
    page = tmp_path / "page.html"
    ended = tool("report", str(signed.dist), "--output", str(page))
    assert ended.status == 0, ended.err
    assert "release  tiny 1.0.0  sha256:" in ended.out
    text = page.read_text()
    assert "by 2 keys; this page did not verify them" in text
    told = json.loads(tool("report", str(signed.dist), "--output", str(page), "--json").out)
    assert told["size"] == page.stat().st_size


def test_keys(signed: SignedDist, tmp_path: Path, tool: Tool) -> None:
    """What a named key signed is verified: it is shown as that, or there is no page. Another key verifies none."""
    page = tmp_path / "page.html"
    words = ("report", str(signed.dist), "--output", str(page))
    assert tool(*words, *signed.public("ada")).status == 0
    assert "1 of 2 keys verified when this page was made" in page.read_text()
    assert tool(*words, *signed.public("eve")).status == 0
    assert "this page did not verify them" in page.read_text()
    page.unlink()
    (signed.dist / "Dockerfile").write_text("FROM other\n")
    ended = tool(*words, *signed.public("ada"))
    assert ended.status == 5
    assert "TB7005" in ended.err
    assert not page.exists()


def test_another_ones_bill(signed: SignedDist, tmp_path: Path, tool: Tool) -> None:
    """No page is made of a release whose bill of materials is not its own."""
    (signed.dist / "sbom.cdx.json").write_text("{}")
    ended = tool("report", str(signed.dist), "--output", str(tmp_path / "page.html"))
    assert ended.status == 5
    assert "TB9402" in ended.err
    assert not (tmp_path / "page.html").exists()


def test_what_is_in_the_layers(signed: SignedDist, tmp_path: Path, tool: Tool) -> None:
    """Packages stand in the picture, and a damaged layer ends it; with --no-files no layer is read."""
    page = tmp_path / "page.html"
    words = ("report", str(signed.dist), "--output", str(page))
    assert tool(*words).status == 0
    assert 'id="image-0-map-1"' in page.read_text()
    layer = json.loads((signed.dist / "manifest.json").read_bytes())["environment"]["images"][0]["layers"][0]
    blob = signed.dist / "image" / "blobs" / "sha256" / layer["digest"].removeprefix("sha256:")
    blob.write_bytes(blob.read_bytes()[:-9])
    page.unlink()
    assert tool(*words).status == 5
    assert not page.exists()
    assert tool(*words, "--no-files").status == 0
    assert 'id="image-0-map-1"' not in page.read_text()


def test_statements_of_rebuilders(signed: SignedDist, tmp_path: Path, tool: Tool) -> None:
    """What is no statement is an error of usage, and there is no page."""
    page = tmp_path / "page.html"
    (tmp_path / "said").mkdir()
    ended = tool("report", str(signed.dist), "--output", str(page), "--rebuilt", str(tmp_path / "said"))
    assert (ended.status, page.exists()) == (2, False)
    assert "TB9411" in ended.err
