"""``resolve.base_layout``: a base from a directory in OCI's layout, of which nothing is trusted."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fakes.bases import BaseImage
from twinbuild.errors import FetchError, IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.platform import Platform
from twinbuild.resolve.base import parse_base, resolve_base
from twinbuild.resolve.base_layout import LayoutSource
from twinbuild.store.memory import MemoryStore

AMD64 = Platform.parse("linux/amd64")


def _resolve(directory: Path, name: str = "oci-layout:base") -> Digest:
    source = LayoutSource(directory=directory)
    base = resolve_base(parse_base(name), AMD64, python="3.12", source=source, store=MemoryStore()).locked
    return base.manifest.digest


@pytest.mark.parametrize("docker", [False, True])
def test_the_only_image(tmp_path: Path, *, docker: bool) -> None:
    """Without a digest it is the only one that the index names; with one it is that."""
    digest = BaseImage(docker=docker).layout(tmp_path)
    assert _resolve(tmp_path) == digest
    assert _resolve(tmp_path, f"oci-layout:base@{digest}") == digest


def test_one_of_several(tmp_path: Path) -> None:
    """TB2278 asks for a digest."""
    first = BaseImage().layout(tmp_path / "layout")
    BaseImage(docker=True).layout(tmp_path / "other")
    index = json.loads((tmp_path / "layout/index.json").read_text())
    index["manifests"] += json.loads((tmp_path / "other/index.json").read_text())["manifests"]
    (tmp_path / "layout/index.json").write_text(json.dumps(index))
    with pytest.raises(FetchError) as caught:
        _resolve(tmp_path / "layout")
    assert caught.value.findings[0].code == "TB2278"
    assert _resolve(tmp_path / "layout", f"oci-layout:base@{first}") == first


@pytest.mark.parametrize("how", ["missing", "link", "pipe", "long", "no layout"])
def test_what_is_no_layout(tmp_path: Path, how: str) -> None:
    """TB2278: files that are not there, links out of it, pipes that never end, documents without an end."""
    directory = tmp_path / "layout"
    digest = BaseImage().layout(directory)
    place = directory / "blobs/sha256" / digest.hex
    content = place.read_bytes()
    place.unlink()
    if how == "link":
        (tmp_path / "outside").write_bytes(content)
        place.symlink_to(tmp_path / "outside")
    elif how == "pipe":
        os.mkfifo(place)
    elif how == "long":
        place.write_bytes(bytes((4 << 20) + 1))
    elif how == "no layout":
        (directory / "index.json").unlink()
    with pytest.raises(FetchError) as caught:
        _resolve(directory)
    assert caught.value.findings[0].code == "TB2278"


def test_other_bytes(tmp_path: Path) -> None:
    """A blob that is not what its name says does not get into the store."""
    image = BaseImage()
    image.layout(tmp_path)
    (tmp_path / "blobs/sha256" / Digest.of(image.tars[0]).hex).write_bytes(b"other")
    with pytest.raises(IntegrityError) as caught:
        _resolve(tmp_path)
    assert caught.value.findings[0].code == "TB3101"
