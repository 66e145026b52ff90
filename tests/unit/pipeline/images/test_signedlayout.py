"""``sign --layout``: each image with what was signed of it, in the form of ``cosign save``."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from fakes.signed import SignedDist, key_file, signed, signed_once
from fakes.tiny import tiny_project
from fakes.tool import Tool, tool
from twinbuild.govern.keys import new_key

__all__ = ["signed", "signed_once", "tool"]
KINDS = [f"dev.cosignproject.cosign/{kind}" for kind in ("image", "sigs", "atts")]


def _entries(layout: Path) -> list[dict[str, Any]]:
    """The entries of a layout, of which every blob is what it is called and nothing is missing."""
    blobs = {path.name: path.read_bytes() for path in (layout / "blobs" / "sha256").iterdir()}
    assert {name: hashlib.sha256(content).hexdigest() for name, content in blobs.items()} == {
        name: name for name in blobs
    }
    entries: list[dict[str, Any]] = json.loads((layout / "index.json").read_bytes())["manifests"]
    named = set()
    for entry in entries:
        manifest = json.loads(blobs[entry["digest"].removeprefix("sha256:")])
        named |= {each["digest"].removeprefix("sha256:") for each in (entry, manifest["config"], *manifest["layers"])}
    assert named == set(blobs)
    return entries


def test_written(tool: Tool, signed: SignedDist, tmp_path: Path) -> None:
    """The image, its signatures and statements; again the same, and the release stays as it is."""
    target = tmp_path / "layout"
    words = ("sign", str(signed.dist), "--key", str(signed.ada), "--layout", str(target))
    ended = tool(*words)
    assert ended.status == 0, ended.err
    assert ended.out.splitlines()[-1].startswith("layout   ")
    entries = _entries(target)
    assert [entry["annotations"]["kind"] for entry in entries] == KINDS
    assert entries[0]["annotations"]["org.opencontainers.image.ref.name"] == "1.0.0"
    before = (target / "index.json").read_bytes()
    assert json.loads(tool(*words, "--json").out)["layouts"] == [str(target)]
    assert (target / "index.json").read_bytes() == before
    assert tool("verify-release", str(signed.dist), *signed.public("ada")).status == 0


def test_variants(tool: Tool, tmp_path: Path) -> None:
    """Each has a layout of its own."""
    project = tiny_project(tmp_path / "tiny", Path(os.environ["TWINBUILD_STORE"]), variants=("cpu", "gpu"))
    assert tool("release", str(project), "--offline", "-q").status == 0
    ada = key_file(tmp_path / "ada", new_key("ecdsa"))
    ended = tool("sign", str(project), "--key", str(ada), "--layout", str(tmp_path / "layout"))
    assert ended.status == 0, ended.err
    digests = [_entries(tmp_path / "layout" / variant)[0]["digest"] for variant in ("cpu", "gpu")]
    assert len(set(digests)) == 2


@pytest.mark.parametrize(("where", "code"), [("tiny-1.0.0/image", "TB8001"), ("tiny-1.0.0", "TB8001"), ("", "TB8020")])
def test_where_it_must_not_be(tool: Tool, signed: SignedDist, where: str, code: str) -> None:
    """Not in the release, which would have files that nobody named, nor where other things lie."""
    ended = tool("sign", str(signed.dist), "--key", str(signed.ada), "--layout", str(signed.dist.parent / where))
    assert (ended.status, f"error[{code}]" in ended.err) == (2, True), ended.err
    assert tool("verify-release", str(signed.dist), *signed.public("ada")).status == 0
