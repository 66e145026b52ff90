"""Small trees, images and layouts, made with the real code."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from twinbuild.codec.canonical import digest_of
from twinbuild.model.digest import Digest
from twinbuild.model.image import BuiltLayer, Descriptor, Image
from twinbuild.model.plan import ArtifactRecipe, Compression, Derivation, FileInput, ImageConfig, LayerDerivation
from twinbuild.model.platform import Platform
from twinbuild.model.tree import BytesContent, Directory, Entry, File, Hardlink, Symlink
from twinbuild.oci.compress import compressor
from twinbuild.oci.image import CONFIG, MANIFEST, image_config, image_manifest
from twinbuild.oci.layer import WRITER, write_layer
from twinbuild.oci.layout import LayoutFile, blob_path

EPOCH = 1_793_491_200  # 2026-11-01T00:00:00Z

TREE: tuple[Entry, ...] = (
    Directory(path="opt"),
    Directory(path="opt/venv", mode=0o755, uid=10001, gid=10001),
    File(path="opt/venv/run", content=BytesContent(b"#!/bin/sh\n"), mode=0o755),
    File(path="opt/venv/" + "n" * 120, content=BytesContent(b"long name")),
    File(path="opt/venv/é", content=BytesContent(b"name beyond ASCII" * 100)),
    Symlink(path="opt/venv/lib64", target="lib"),
    Hardlink(path="opt/venv/walk", target="opt/venv/run"),
)


def config(**changes: object) -> ImageConfig:
    """A runtime configuration with every field used."""
    fields: dict[str, object] = {
        "user": "10001:10001",
        "command": ("run", "--port", "8000"),
        "entrypoint": (),
        "working_directory": "/app",
        "environment": (("PATH", "/opt/venv/bin:/usr/bin"), ("LANG", "C.UTF-8")),
        "exposed_ports": ("8000/tcp",),
        "labels": (("org.opencontainers.image.title", "fraud-scorer"),),
        "stop_signal": "SIGTERM",
        **changes,
    }
    return ImageConfig(**fields)  # type: ignore[arg-type]


@dataclass
class Shelf:
    """Blobs in memory: a sink for layers and a source of contents."""

    blobs: dict[Digest, bytes] = field(default_factory=dict)

    def put(self, content: bytes, media_type: str) -> Descriptor:
        """Keep a blob."""
        digest = Digest.of(content)
        self.blobs[digest] = content
        return Descriptor(media_type=media_type, digest=digest, size=len(content))

    def content(self, digest: Digest) -> BytesContent:
        """A blob's content."""
        return BytesContent(self.blobs[digest])

    def image(
        self,
        trees: Sequence[Sequence[Entry]] = (TREE,),
        *,
        kind: Compression = Compression.ZSTD,
        variant: str = "cpu",
        architecture: str = "amd64",
    ) -> Image:
        """An image of these layers."""
        platform = Platform(os="linux", architecture=architecture)
        recipe = ArtifactRecipe(file=FileInput(path="x", sha256=Digest.of(b""), size=0, mode=0o644))
        derivations = []
        layers = []
        for number, tree in enumerate(trees):
            derivation = LayerDerivation(
                title=f"layer {number}",
                platform=platform,
                recipe=recipe,
                writer=WRITER,
                compressor=compressor(kind),
                source_date_epoch=EPOCH,
            )
            sink = io.BytesIO()
            written = write_layer(tree, mtime=EPOCH, compressor=derivation.compressor, sink=sink)
            blob = self.put(sink.getvalue(), written.media_type)
            assert blob == written.blob
            derivations.append(derivation)
            layers.append(
                BuiltLayer(
                    derivation=digest_of(derivation),
                    title=derivation.title,
                    diff_id=written.diff_id,
                    uncompressed_size=written.uncompressed_size,
                    blob=blob,
                )
            )
        whole = Derivation(
            name="fraud-scorer",
            version="1.0.0",
            variant=variant,
            platform=platform,
            builder="embedded/1",
            layers=tuple(derivations),
            config=config(),
            source_date_epoch=EPOCH,
        )
        document = image_config(whole, layers)
        manifest = image_manifest(document, layers)
        return Image(
            derivation=digest_of(whole),
            variant=variant,
            platform=platform,
            manifest=self.put(manifest, MANIFEST),
            config=self.put(document, CONFIG),
            layers=tuple(layers),
        )

    def files(self, layout: Iterable[LayoutFile]) -> dict[str, bytes]:
        """A layout's files by path."""
        return {
            file.path: file.content if isinstance(file.content, bytes) else self.blobs[file.content] for file in layout
        }


@dataclass
class Shown:
    """A layout in memory as the reader sees one."""

    files: dict[str, bytes]

    def open(self, path: str) -> BinaryIO:
        """A stream over a file."""
        if path not in self.files:
            raise FileNotFoundError(path)
        return io.BytesIO(self.files[path])

    def paths(self) -> Iterable[str]:
        """All paths."""
        return list(self.files)


def foreign_tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """An archive made by the standard library: another writer than ours."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def member(name: str, content: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    """A member for ``foreign_tar``."""
    made = tarfile.TarInfo(name)
    for key, value in fields.items():
        setattr(made, key, value)
    return made, content


Change = Callable[[dict[str, bytes]], None]
blob = blob_path
