"""Small base images as other tools make them: tars of the standard library, OCI's and Docker's documents, a layout."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.plan import BaseLayer
from twinbuild.ports import Progress, Store

__all__ = ["BaseImage", "FakeSource", "elf", "files_of_a_base", "layer_tar", "plain_layers"]

_OCI = "application/vnd.oci.image."
_DOCKER = "application/vnd.docker."
_LOADER = "/lib64/ld-linux-x86-64.so.2"
_STATUS = """\
Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc (2.36-9)
Version: 2.36-9+deb12u9

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1.0-1

Package: base-files
Status: install ok installed
Architecture: all
Version: 12.4
"""


def elf(text: bytes = b"", *, machine: int = 62, loader: str = _LOADER, needed: tuple[str, ...] = ()) -> bytes:
    """The least of an ELF file that names its loader and libraries, with a text behind it."""
    count, address = 3, 0x1000
    name = loader.encode() + b"\0"
    names = b"\0" + b"".join(each.encode() + b"\0" for each in needed)
    at = 64 + 56 * count
    offsets = [names.index(b"\0" + each.encode() + b"\0") + 1 for each in needed]
    strings = at + len(name)
    dynamic = b"".join(struct.pack("<QQ", 1, each) for each in offsets)
    dynamic += struct.pack("<QQQQ", 5, address + strings, 0, 0)
    place = strings + len(names)
    whole = place + len(dynamic)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 3, machine, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0
    )
    segments = struct.pack("<IIQQQQQQ", 3, 4, at, 0, 0, len(name), len(name), 1)
    segments += struct.pack("<IIQQQQQQ", 1, 4, 0, address, 0, whole, whole, 1)
    segments += struct.pack("<IIQQQQQQ", 2, 4, place, 0, 0, len(dynamic), len(dynamic), 1)
    return header + segments + name + names + dynamic + text


def files_of_a_base(python: str = "3.12.3", *, binary: bytes | None = None) -> dict[str, bytes | str | None]:
    """A tree: bytes are files, a text is where a link leads, None is a directory."""
    minor = ".".join(python.split(".")[:2])
    return {
        "bin": "usr/bin",
        "lib": "usr/lib",
        "lib64": "usr/lib64",
        "etc": None,
        "etc/os-release": "../usr/lib/os-release",
        "etc/passwd": b"root:*:0:0:root:/root:/bin/sh\n",
        "etc/group": b"root:*:0:\n",
        "opt": None,
        "usr/lib/os-release": b'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n',
        "usr/lib64/ld-linux-x86-64.so.2": b"loader",
        "usr/lib/x86_64-linux-gnu/libc.so.6": b"\0GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\n",
        f"usr/local/lib/libpython{minor}.so.1.0": b"\0" + python.encode() + b"\0" + b"9.9.9\0",
        f"usr/local/lib/python{minor}/os.py": b"",
        f"usr/local/bin/python{minor}": elf() if binary is None else binary,
        "usr/local/bin/python3": f"python{minor}",
        "var/lib/dpkg/status": _STATUS.encode(),
    }


def layer_tar(files: dict[str, bytes | str | None], *, modes: dict[str, tuple[int, int]] | None = None) -> bytes:
    """A layer's tar; ``modes`` are mode and owner of some paths. A text that begins with ``=`` is a hard link."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            mode, owner = (modes or {}).get(path, (0o755 if content is None or "bin/" in path else 0o644, 0))
            member.mode, member.uid, member.gid = mode, owner, owner
            if content is None:
                member.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                member.type = tarfile.LNKTYPE if content.startswith("=") else tarfile.SYMTYPE
                member.linkname = content.removeprefix("=")
            else:
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content) if isinstance(content, bytes) else None)
    return stream.getvalue()


def plain_layers(store: Store, tars: Iterable[bytes]) -> tuple[BaseLayer, ...]:
    """Layers of these tars, which the store gets, as they are."""
    return tuple(
        BaseLayer(
            media_type=f"{_OCI}layer.v1.tar",
            digest=store.put(tar),
            size=len(tar),
            diff_id=Digest.of(tar),
            uncompressed_size=len(tar),
        )
        for tar in tars
    )


@dataclass
class BaseImage:
    """An image of these tars. ``docker`` gives Docker's documents and gzip, else OCI's and plain tar."""

    tars: list[bytes] = field(default_factory=lambda: [layer_tar(files_of_a_base())])
    docker: bool = False
    runtime: dict[str, object] = field(default_factory=dict)
    architecture: str = "amd64"
    history: bool = True
    blobs: dict[Digest, bytes] = field(default_factory=dict)

    def put(self, content: bytes) -> Digest:
        """Keep a blob."""
        self.blobs[Digest.of(content)] = content
        return Digest.of(content)

    def described(self, content: bytes, media_type: str) -> dict[str, object]:
        """The descriptor of a blob that is kept."""
        return {"mediaType": media_type, "digest": str(self.put(content)), "size": len(content)}

    def config(self) -> bytes:
        """The configuration."""
        document: dict[str, object] = {
            "architecture": self.architecture,
            "os": "linux",
            "config": self.runtime,
            "rootfs": {"type": "layers", "diff_ids": [str(Digest.of(tar)) for tar in self.tars]},
        }
        if self.history:
            document["history"] = [{"created": "2026-01-01T00:00:00Z", "created_by": "ADD"} for _ in self.tars]
        return json.dumps(document).encode()

    def manifest(self, **changes: object) -> tuple[str, bytes]:
        """Media type and bytes of the manifest."""
        media_type = f"{_DOCKER}distribution.manifest.v2+json" if self.docker else f"{_OCI}manifest.v1+json"
        kind = f"{_DOCKER}image.rootfs.diff.tar.gzip" if self.docker else f"{_OCI}layer.v1.tar"
        layers = [gzip.compress(tar, mtime=0) if self.docker else tar for tar in self.tars]
        document = {
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": self.described(
                self.config(), f"{_DOCKER}container.image.v1+json" if self.docker else f"{_OCI}config.v1+json"
            ),
            "layers": [self.described(layer, kind) for layer in layers],
            **changes,
        }
        content = json.dumps(document).encode()
        self.put(content)
        return media_type, content

    def layout(self, directory: Path) -> Digest:
        """Write an OCI layout; the manifest's digest."""
        media_type, content = self.manifest()
        (directory / "blobs" / "sha256").mkdir(parents=True)
        for digest, blob in self.blobs.items():
            (directory / "blobs" / "sha256" / digest.hex).write_bytes(blob)
        index = {"schemaVersion": 2, "manifests": [self.described(content, media_type)]}
        (directory / "index.json").write_text(json.dumps(index))
        (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        return Digest.of(content)


@dataclass
class FakeSource:
    """A repository in memory: documents by tag or digest, blobs by digest. Counts what it was asked for."""

    documents: dict[str, tuple[str, bytes]]
    blobs: dict[Digest, bytes]
    asked: list[str] = field(default_factory=list)

    def manifest(self, reference: str) -> tuple[str, bytes]:
        """A document."""
        self.asked.append(reference)
        return self.documents[reference]

    def fetch(self, blob: Descriptor, store: Store, progress: Progress) -> None:
        """A blob, whatever bytes lie under its name."""
        self.asked.append(str(blob.digest))
        with store.writer() as sink:
            sink.write(self.blobs[blob.digest])
            sink.commit(blob.digest)


def source_of(*images: BaseImage, tag: str = "1", index: bytes | None = None) -> FakeSource:
    """A repository with these images: the first, or the index, under the tag."""
    documents: dict[str, tuple[str, bytes]] = {}
    blobs: dict[Digest, bytes] = {}
    for image in reversed(images):
        media_type, content = image.manifest()
        documents[tag] = documents[str(Digest.of(content))] = (media_type, content)
        blobs |= image.blobs
    if index is not None:
        documents[tag] = documents[str(Digest.of(index))] = (f"{_OCI}index.v1+json", index)
    return FakeSource(documents, blobs)
