"""A layout that anybody may have written: what is taken from it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.packed import CODE, HERE, OTHER, packed_image, packed_tool
from twinbuild.errors import IntegrityError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.oci.layout import image_layout
from twinbuild.pipeline.images.export import export_layout
from twinbuild.pipeline.tool.opened import open_tool, tool_of_layout
from twinbuild.pipeline.tool.pack import TOOL, write_tools
from twinbuild.store.memory import MemoryStore


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    """A packed tool for this machine and for another one."""
    store = MemoryStore()
    tools = [packed_tool(packed_image(store, tmp_path, platform=platform)) for platform in sorted((HERE, OTHER))]
    write_tools(tools, store, tmp_path / "lay out")
    return tmp_path / "lay out"


def test_this_machines(layout: Path) -> None:
    """Of several platforms that of this machine; all of it lies in the store then."""
    store = MemoryStore()
    tool = open_tool(tool_of_layout(layout, store), store)
    assert (tool.version, tool.python, tool.code, tool.image.platform) == ("1.2.3", "3.11.2", CODE, HERE)
    assert tool.entrypoint == ("/usr/bin/sh", "-c")
    assert dict(tool.environment) == {"PATH": "/usr/bin", "LANG": "C.UTF-8"}
    assert all(store.has(layer.blob.digest) for layer in tool.image.layers)


def refused(layout: Path, kind: type[TwinbuildError] = TwinbuildError) -> str:
    """The code with which a layout is refused; nothing wrong gets into the store."""
    store = MemoryStore()
    with pytest.raises(kind) as caught:
        open_tool(tool_of_layout(layout, store), store)
    for digest in store.blobs():
        store.read(digest)
    return caught.value.findings[0].code


@pytest.mark.parametrize("change", ["flip", "cut", "link", "gone"])
def test_a_blob_that_is_another(layout: Path, tmp_path: Path, change: str) -> None:
    """Changed, cut off, a link, or not there."""
    largest = max((layout / "blobs" / "sha256").iterdir(), key=lambda path: path.stat().st_size)
    content = largest.read_bytes()
    largest.unlink()
    if change == "link":
        (tmp_path / "elsewhere").write_bytes(content)
        largest.symlink_to(tmp_path / "elsewhere")
    elif change != "gone":
        largest.write_bytes(b"\0" + content[1:] if change == "flip" else content[:-1])
    assert refused(layout, IntegrityError) in {"TB3211", "TB3101"}


def test_no_byte_beyond_a_descriptors_size(layout: Path) -> None:
    """A blob that goes on for ever is not copied."""
    largest = max((layout / "blobs" / "sha256").iterdir(), key=lambda path: path.stat().st_size)
    with largest.open("r+b") as file:
        file.truncate(1 << 40)
    assert tool_of_layout(layout, MemoryStore())


def test_no_layout(tmp_path: Path) -> None:
    """TB3231."""
    assert refused(tmp_path) == "TB3231"


def test_another_machines(tmp_path: Path) -> None:
    """TB9211, from a layout and from the store."""
    store = MemoryStore()
    image = packed_image(store, tmp_path, platform=OTHER)
    write_tools((packed_tool(image),), store, tmp_path / "layout")
    assert refused(tmp_path / "layout") == "TB9211"
    with pytest.raises(TwinbuildError) as caught:
        open_tool(image.manifest.digest, store)
    assert caught.value.findings[0].code == "TB9211"


@pytest.mark.parametrize(
    ("labels", "entrypoint"), [((), ("/bin/sh",)), (((TOOL, str(Digest.of(b""))),), ())], ids=["label", "entry point"]
)
def test_an_image_that_is_no_tool(
    tmp_path: Path, labels: tuple[tuple[str, str], ...], entrypoint: tuple[str, ...]
) -> None:
    """TB9210: nothing else is run."""
    store = MemoryStore()
    image = packed_image(store, tmp_path, labels=labels, entrypoint=entrypoint)
    export_layout(image_layout("other", "1", (image,)), store, tmp_path / "layout")
    assert refused(tmp_path / "layout") == "TB9210"


def test_an_index_by_digest(tmp_path: Path) -> None:
    """TB9210: a digest names one image."""
    store = MemoryStore()
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}
    with pytest.raises(TwinbuildError) as caught:
        open_tool(store.put(json.dumps(index).encode()), store)
    assert caught.value.findings[0].code == "TB9210"
