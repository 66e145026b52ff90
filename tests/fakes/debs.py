"""Small Debian packages made in memory, right or deliberately wrong."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
from collections.abc import Mapping

import zstandard

from twinbuild.model.digest import Digest
from twinbuild.model.plan import DebInput

Members = list[tuple[str, bytes, dict[str, object]]]


def tar(members: Members) -> bytes:
    """A tar of members: name, content and fields of TarInfo."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content, fields in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            for key, value in fields.items():
                setattr(member, key, value)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def tree(files: Mapping[str, bytes | str | None]) -> bytes:
    """A data.tar: bytes are a file (0755 below bin, and the loader), text is a link, None a directory, with parents."""
    paths = dict.fromkeys(parent for path in files for parent in _parents(path))
    members: Members = [("./", b"", {"type": tarfile.DIRTYPE, "mode": 0o755})]
    for path in sorted({*paths, *files}):
        content = files.get(path)
        if isinstance(content, bytes):
            members.append((f"./{path}", content, {"mode": 0o755 if "bin/" in path or "/ld-linux" in path else 0o644}))
        elif isinstance(content, str):
            members.append((f"./{path}", b"", {"type": tarfile.SYMTYPE, "linkname": content}))
        else:
            members.append((f"./{path}/", b"", {"type": tarfile.DIRTYPE, "mode": 0o755}))
    return tar(members)


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def ar(members: list[tuple[str, bytes]]) -> bytes:
    """An ar archive."""
    out = b"!<arch>\n"
    for name, content in members:
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode() + content
        out += b"\n" * (len(content) % 2)
    return out


def compressed(content: bytes, kind: str) -> bytes:
    """Content as "", "gz", "xz" or "zst"."""
    match kind:
        case "gz":
            return gzip.compress(content, mtime=0)
        case "xz":
            return lzma.compress(content)
        case "zst":
            return zstandard.compress(content)
    return content


def deb(
    name: str = "demo",
    *,
    files: Mapping[str, bytes | str | None] | None = None,
    payload: bytes | None = None,
    control: Mapping[str, bytes] | None = None,
    fields: str = "",
    version: str = "1.0-1",
    architecture: str = "all",
    kind: str = "xz",
) -> bytes:
    """A package with those files, further control members and further lines of its control file."""
    text = f"Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n{fields}Description: demo\n Longer.\n"
    members: Members = [("./", b"", {"type": tarfile.DIRTYPE}), ("./control", text.encode(), {})]
    members += [(f"./{key}", content, {"mode": 0o755}) for key, content in (control or {}).items()]
    suffix = f".{kind}" if kind else ""
    body = tree(files or {}) if payload is None else payload
    return ar(
        [
            ("debian-binary", b"2.0\n"),
            (f"control.tar{suffix}", compressed(tar(members), kind)),
            (f"data.tar{suffix}", compressed(body, kind)),
        ]
    )


def given(name: str, *, depends: tuple[str, ...] = (), pre_depends: tuple[str, ...] = ()) -> DebInput:
    """The input of a plan for a package of ``deb``."""
    return DebInput(
        name=name,
        version="1.0-1",
        architecture="all",
        sha256=Digest("0" * 64),
        size=1,
        depends=depends,
        pre_depends=pre_depends,
    )
