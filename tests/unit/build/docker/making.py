"""Exports as BuildKit writes them, made by hand: layouts of plain tars."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
PLAIN = "application/vnd.oci.image.layer.v1.tar"


def member(path: str, content: bytes | None = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    """A file, or a directory where ``content`` is None; further fields as ``tarfile.TarInfo`` has them."""
    info = tarfile.TarInfo(path)
    info.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
    info.mode = 0o755 if content is None else 0o644
    info.size = len(content or b"")
    for name, value in fields.items():
        setattr(info, name, value)
    return info, content or b""


def layer(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    """A layer's tar. Only in that of GNU names may be any bytes: Python marks them in pax, and Go, as BuildKit, not."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def export(
    root: Path,
    *layers: bytes,
    config: Mapping[str, object] | None = None,
    diff_ids: Sequence[str] | None = None,
    media_type: str = PLAIN,
) -> Path:
    """A layout of one image with these layers."""
    blobs = root / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(content: bytes, kind: str) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}

    described = [put(content, media_type) for content in layers]
    rootfs = {"type": "layers", "diff_ids": list(diff_ids or [str(item["digest"]) for item in described])}
    document = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, **(config or {}), "rootfs": rootfs})
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": put(document.encode(), CONFIG),
            "layers": described,
        }
    )
    index = {"schemaVersion": 2, "manifests": [put(manifest.encode(), MANIFEST)]}
    (root / "index.json").write_text(json.dumps(index))
    (root / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return root
