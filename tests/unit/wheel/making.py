"""Makes wheels and zip archives for tests, honest ones and ones that lie in a single place."""

from __future__ import annotations

import base64
import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

NAME = "demo-1.0-py3-none-any.whl"
STEM = "demo-1.0"
METADATA = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
WHEEL = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def hash_of(content: bytes) -> str:
    """The hash as RECORD has it."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


def record(files: Mapping[str, bytes], stem: str = STEM) -> bytes:
    """RECORD for these files."""
    rows = [f"{path},{hash_of(content)},{len(content)}" for path, content in files.items()]
    return "\n".join([*rows, f"{stem}.dist-info/RECORD,,", ""]).encode()


def zipped(files: Mapping[str, bytes], *, modes: Mapping[str, int] | None = None, method: int = 8) -> bytes:
    """A zip archive as the standard library writes it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0))
            entry.external_attr = (modes or {}).get(path, 0o100644) << 16
            entry.compress_type = method
            archive.writestr(entry, content)
    return out.getvalue()


def wheel_files(
    files: Mapping[str, bytes] | None = None,
    *,
    stem: str = STEM,
    metadata: bytes = METADATA,
    wheel: bytes = WHEEL,
    entry_points: bytes | None = None,
) -> dict[str, bytes]:
    """The files of a wheel without RECORD."""
    made = {"demo/__init__.py": b"answer = 42\n"} if files is None else dict(files)
    made[f"{stem}.dist-info/METADATA"] = metadata
    made[f"{stem}.dist-info/WHEEL"] = wheel
    if entry_points is not None:
        made[f"{stem}.dist-info/entry_points.txt"] = entry_points
    return made


def wheel(
    files: Mapping[str, bytes] | None = None,
    *,
    stem: str = STEM,
    metadata: bytes = METADATA,
    wheel: bytes = WHEEL,
    entry_points: bytes | None = None,
    modes: Mapping[str, int] | None = None,
    unlisted: Mapping[str, bytes] | None = None,
) -> bytes:
    """A wheel that is as it should be, but for what the caller puts in; ``unlisted`` does not stand in RECORD."""
    made = wheel_files(files, stem=stem, metadata=metadata, wheel=wheel, entry_points=entry_points)
    made[f"{stem}.dist-info/RECORD"] = record(made, stem)
    return zipped({**made, **(unlisted or {})}, modes=modes)


def project_wheel(project: str, files: Mapping[str, bytes], **more: bytes) -> tuple[str, bytes]:
    """File name and bytes of a wheel of another project, version 1."""
    metadata = f"Metadata-Version: 2.1\nName: {project}\nVersion: 1\n".encode()
    return f"{project}-1-py3-none-any.whl", wheel(files, stem=f"{project}-1", metadata=metadata, **more)


@dataclass
class Part:
    """One member with every field of both headers in the open, so that a test can make any of them lie."""

    name: bytes
    content: bytes = b"content\n"
    method: int = 8
    flags: int = 0
    crc: int | None = None
    size: int | None = None
    packed: bytes | None = None
    packed_size: int | None = None
    mode: int = 0o100644
    extra: bytes = b""
    local: dict[str, object] = field(default_factory=dict)  # what only the local header says
    after: bytes = b""  # bytes after the packed bytes
    header: int | None = None  # the offset that the directory states

    def body(self) -> bytes:
        """The packed bytes."""
        if self.packed is not None:
            return self.packed
        if self.method == 8:
            machine = zlib.compressobj(6, zlib.DEFLATED, -15)
            return machine.compress(self.content) + machine.flush()
        return self.content

    def values(self) -> dict[str, object]:
        """The fields that both headers state."""
        return {
            "name": self.name,
            "flags": self.flags,
            "method": self.method,
            "crc": zlib.crc32(self.content) if self.crc is None else self.crc,
            "packed_size": len(self.body()) if self.packed_size is None else self.packed_size,
            "size": len(self.content) if self.size is None else self.size,
            "extra": self.extra,
        }


def raw_zip(parts: Sequence[Part], *, before: bytes = b"", comment: bytes = b"", **end: int) -> bytes:
    """A zip archive from parts; ``end`` replaces ``count``, ``size`` or ``start`` in the end record."""
    out = bytearray(before)
    offsets = []
    for part in parts:
        offsets.append(len(out))
        values = {**part.values(), **part.local}
        out += struct.pack(
            "<4s5H3L2H",
            b"PK\x03\x04",
            20,
            values["flags"],
            values["method"],
            0,
            33,
            values["crc"],
            values["packed_size"],
            values["size"],
            len(values["name"]),  # type: ignore[arg-type]
            len(values["extra"]),  # type: ignore[arg-type]
        )
        out += values["name"] + values["extra"] + part.body() + part.after  # type: ignore[operator]
    start = len(out)
    for part, offset in zip(parts, offsets, strict=True):
        values = part.values()
        out += struct.pack(
            "<4s6H3L5H2L",
            b"PK\x01\x02",
            0x0314,
            20,
            values["flags"],
            values["method"],
            0,
            33,
            values["crc"],
            values["packed_size"],
            values["size"],
            len(part.name),
            len(part.extra),
            0,
            0,
            0,
            part.mode << 16,
            offset if part.header is None else part.header,
        )
        out += part.name + part.extra
    size = len(out) - start
    out += struct.pack(
        "<4s4H2LH",
        b"PK\x05\x06",
        0,
        0,
        end.get("count", len(parts)),
        end.get("count", len(parts)),
        end.get("size", size),
        end.get("start", start),
        len(comment),
    )
    return bytes(out + comment)
