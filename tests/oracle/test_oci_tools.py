"""Other tools accept what we write: skopeo, umoci, GNU tar, bsdtar, zstd and gzip, each skipped where missing."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import BinaryIO

import pytest

from fakes.images import EPOCH, TREE, Shelf
from twinbuild.model.image import Image
from twinbuild.model.plan import Compression
from twinbuild.model.tree import BytesContent, Directory, Entry, File, Hardlink, Symlink
from twinbuild.oci.layout import LayoutFile, image_layout, layout_entries, loadable_layout
from twinbuild.oci.read import read_layout
from twinbuild.oci.tar import canonical_order, write_archive

pytestmark = pytest.mark.slow

OWNER = {"uid": os.getuid(), "gid": os.getgid()}
MINE: tuple[Entry, ...] = canonical_order(
    (
        Directory(path="app", mode=0o755, **OWNER),
        Directory(path="app/" + "d" * 150, mode=0o755, **OWNER),
        File(path="app/" + "d" * 150 + "/" + "f" * 200, content=BytesContent(b"deep"), **OWNER),
        File(path="app/run", content=BytesContent(b"#!/bin/sh\n"), mode=0o755, **OWNER),
        File(path="app/Größe", content=BytesContent(bytes(70_000)), mode=0o600, **OWNER),
        Symlink(path="app/link", target="../" + "t" * 150, **OWNER),
        Hardlink(path="app/walk", target="app/run"),
    )
)


class Disk:
    """A layout in a directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def open(self, path: str) -> BinaryIO:
        """A stream over a file."""
        return (self.root / path).open("rb")

    def paths(self) -> list[str]:
        """All files."""
        return [str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()]


def program(name: str) -> str:
    """The path of a program of this machine."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(*argv: str) -> bytes:
    """Run a program; its output."""
    return subprocess.run(argv, check=True, capture_output=True, timeout=120).stdout


def written(shelf: Shelf, layout: tuple[LayoutFile, ...], root: Path) -> Path:
    """A layout on disk."""
    for path, content in shelf.files(layout).items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return root


def archive(shelf: Shelf, layout: tuple[LayoutFile, ...], path: Path) -> Path:
    """A layout as a tar."""
    with path.open("wb") as stream:
        stream.writelines(write_archive(layout_entries(layout, shelf.content), mtime=EPOCH))
    return path


def found_tree(root: Path) -> dict[str, tuple[int, int, bytes | str]]:
    """What lies below a directory: mode, whole seconds of its time, content or target."""
    tree: dict[str, tuple[int, int, bytes | str]] = {}
    for path in root.rglob("*"):
        state = path.lstat()
        content: bytes | str = b""
        if path.is_symlink():
            content = str(path.readlink())
        elif path.is_file():
            content = path.read_bytes()
        tree[str(path.relative_to(root))] = (state.st_mode & 0o7777, int(state.st_mtime), content)
    return tree


def expected_tree(entries: tuple[Entry, ...]) -> dict[str, tuple[int, int, bytes | str]]:
    """What should lie there."""
    tree: dict[str, tuple[int, int, bytes | str]] = {}
    for entry in entries:
        match entry:
            case File():
                tree[entry.path] = (entry.mode, EPOCH, entry.content.open().read())
            case Directory():
                tree[entry.path] = (entry.mode, EPOCH, b"")
            case Symlink():
                tree[entry.path] = (0o777, EPOCH, entry.target)
            case Hardlink():
                tree[entry.path] = tree[entry.target]
    return tree


@pytest.mark.parametrize("argv", [("tar", "-xpf"), ("bsdtar", "-xpf")], ids=["GNU tar", "bsdtar"])
def test_tar_programs_unpack_the_tree(argv: tuple[str, str], tmp_path: Path) -> None:
    """Unpacked by another program, every name, mode, time, content and target is what the entries said."""
    source = tmp_path / "layer.tar"
    source.write_bytes(b"".join(write_archive(MINE, mtime=EPOCH)))
    root = tmp_path / "root"
    root.mkdir()
    run(program(argv[0]), argv[1], str(source), "-C", str(root))
    assert found_tree(root) == expected_tree(MINE)
    assert (root / "app/run").samefile(root / "app/walk")


@pytest.mark.parametrize("kind", Compression)
def test_programs_decompress_layers(kind: Compression, tmp_path: Path) -> None:
    """The program gzip or zstd gives back the very tar, whose digest is the diff_id."""
    shelf = Shelf()
    layer = shelf.image((MINE,), kind=kind).layers[0]
    blob = tmp_path / f"layer.{'gz' if kind is Compression.GZIP else 'zst'}"
    blob.write_bytes(shelf.blobs[layer.blob.digest])
    plain = run(program(kind), "-dc", str(blob))
    assert hashlib.sha256(plain).hexdigest() == layer.diff_id.hex


def copied_by_skopeo(source: str, target: Path) -> dict[str, object]:
    """The manifest of an image after ``skopeo copy`` into a new layout, which our own reader accepts."""
    run(program("skopeo"), "--insecure-policy", "copy", source, f"oci:{target}:copy")
    read_layout(Disk(target))
    (entry,) = json.loads((target / "index.json").read_bytes())["manifests"]
    return {"digest": entry["digest"]}


def built(shelf: Shelf, kind: Compression) -> Image:
    """An image of two layers."""
    return shelf.image((TREE, MINE), kind=kind)


@pytest.mark.parametrize("kind", Compression)
def test_skopeo_copies_the_layout(kind: Compression, tmp_path: Path) -> None:
    """Copied by its reference, the manifest keeps its digest: skopeo took every blob as it was."""
    shelf = Shelf()
    image = built(shelf, kind)
    root = written(shelf, image_layout("fraud-scorer", "1.0.0", [image]), tmp_path / "image")
    found = copied_by_skopeo(f"oci:{root}:1.0.0", tmp_path / "copy")
    assert found["digest"] == str(image.manifest.digest)


def test_skopeo_copies_the_oci_archive(tmp_path: Path) -> None:
    """The layout as a tar is an OCI archive."""
    shelf = Shelf()
    image = built(shelf, Compression.ZSTD)
    path = archive(shelf, image_layout("fraud-scorer", "1.0.0", [image]), tmp_path / "image.tar")
    found = copied_by_skopeo(f"oci-archive:{path}:1.0.0", tmp_path / "copy")
    assert found["digest"] == str(image.manifest.digest)


@pytest.mark.parametrize("kind", Compression)
def test_skopeo_reads_the_loadable_tar(kind: Compression, tmp_path: Path) -> None:
    """As a docker archive it is found by its tag, with the same configuration and so the same diff_ids."""
    shelf = Shelf()
    image = built(shelf, kind)
    path = archive(shelf, loadable_layout("fraud-scorer", "1.0.0", [image]), tmp_path / "image.tar")
    source = f"docker-archive:{path}:fraud-scorer:1.0.0"
    config = run(program("skopeo"), "inspect", "--config", "--raw", source)
    assert hashlib.sha256(config).hexdigest() == image.config.digest.hex
    copied_by_skopeo(source, tmp_path / "copy")


def test_skopeo_chooses_a_platform(tmp_path: Path) -> None:
    """Of a variant with two platforms, an index in the index, the wanted one is found."""
    shelf = Shelf()
    images = [shelf.image((MINE,), architecture=name) for name in ("amd64", "arm64")]
    root = written(shelf, image_layout("n", "1", images), tmp_path / "image")
    target = tmp_path / "copy"
    run(program("skopeo"), "--insecure-policy", "--override-arch", "arm64", "copy", f"oci:{root}:1", f"oci:{target}:c")
    (entry,) = json.loads((target / "index.json").read_bytes())["manifests"]
    assert entry["digest"] == str(images[1].manifest.digest)


def test_umoci_unpacks_the_tree(tmp_path: Path) -> None:
    """The image, unpacked by umoci, is the tree that the entries said."""
    shelf = Shelf()
    image = shelf.image((MINE[:3], MINE[3:]), kind=Compression.GZIP)
    root = written(shelf, image_layout("fraud-scorer", "1.0.0", [image]), tmp_path / "image")
    run(program("umoci"), "unpack", "--rootless", "--image", f"{root}:1.0.0", str(tmp_path / "bundle"))
    assert found_tree(tmp_path / "bundle/rootfs") == expected_tree(MINE)
