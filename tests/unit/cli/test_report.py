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


def test_another_ones_bill(signed: SignedDist, tmp_path: Path, tool: Tool) -> None:
    """No page is made of a release whose bill of materials is not its own."""
    (signed.dist / "sbom.cdx.json").write_text("{}")
    ended = tool("report", str(signed.dist), "--output", str(tmp_path / "page.html"))
    assert ended.status == 5
    assert "TB9351" in ended.err
    assert not (tmp_path / "page.html").exists()
