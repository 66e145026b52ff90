"""What an image says of the packages in it: dpkg's database and the RECORD of each distribution, read from its files.

Nothing here knows a lock or a bill of materials: it is the other side, against which one is held.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.untar import Kind
from twinbuild.debian.control import parse_stanzas
from twinbuild.debian.installed import INSTALLED
from twinbuild.model.plan import BaseLayer
from twinbuild.oci.stack import OpenBlob, Stack, read_whole
from twinbuild.wheel.binaries import is_linked
from twinbuild.wheel.inside import may_be_bundled
from twinbuild.wheel.record import parse_record

__all__ = ["ImageFiles", "Installed", "dpkg_packages", "python_distributions", "read_image_files"]

_ADMIN: Final = "var/lib/dpkg"
_RECORD: Final = re.compile(r"(?P<site>.+)/(?P<name>[^/]+)-(?P<version>[^/-]+)\.dist-info/RECORD")
_KEPT: Final = re.compile(
    rf"{_ADMIN}/(status|diversions|info/[^/]+\.(list|md5sums|preinst|postinst|triggers)|status\.d/[^/]+|alternatives/[^/]+)"
    r"|.+\.dist-info/RECORD|etc/ca-certificates\.conf|etc/ssl/certs/ca-certificates\.crt|usr/share/ca-certificates/.+\.crt"
)
_LARGEST: Final = 64 << 20  # bytes of a file that is kept as text
_IN_ALL: Final = 256 << 20  # bytes of all that are kept
_CHUNK: Final = 1 << 20
_ELF: Final = b"\x7fELF"
_MD5: Final = re.compile(r"([0-9a-f]{32}) [ *](.+)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImageFiles:
    """An image as a tree: digests of each regular file (hexadecimal), and the texts that say what is installed."""

    stack: Stack
    sha256: Mapping[str, str]
    md5: Mapping[str, str]
    texts: Mapping[str, bytes]
    libraries: frozenset[str] = frozenset()  # shared libraries, as wheels bundle them, by name and bytes

    @property
    def paths(self) -> tuple[str, ...]:
        """Everything but directories, sorted."""
        return tuple(sorted(p for p, place in self.stack.places.items() if place.member.kind is not Kind.DIRECTORY))

    def text(self, path: str) -> str:
        """A text that was kept, or nothing."""
        return self.texts.get(path, b"").decode("utf-8", "surrogateescape")

    def real(self, path: str) -> str:
        """A path through the links on its way, its last name as it is: where ``/lib/x`` lies in a merged /usr."""
        above, _, name = path.strip("/").rpartition("/")
        found = self.stack.follow(above) if above else ""
        return f"{found}/{name}" if found else name if not above else path.strip("/")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Installed:
    """A package that the image says it has. ``kind`` is deb or pypi; paths are of the tree, without a leading slash.

    ``digests`` maps some of the paths to an algorithm (md5, sha256) and hexadecimal digits. ``own`` are files of the
    package manager about it.
    """

    kind: str
    name: str
    version: str
    architecture: str
    paths: tuple[str, ...]
    digests: Mapping[str, tuple[str, str]]
    own: tuple[str, ...]


def read_image_files(layers: Sequence[BaseLayer], open_blob: OpenBlob) -> ImageFiles:
    """Read every layer once for its members and once for its bytes. Raises IntegrityError as ``read_stack``, TB4404."""
    stack, _, bodies = read_whole(layers, open_blob)
    sha256: dict[str, str] = {}
    md5: dict[str, str] = {}
    texts: dict[str, bytes] = {}
    libraries: set[str] = set()
    left = _IN_ALL
    for paths, member, body in bodies:
        one, other = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        kept = [path for path in paths if _KEPT.fullmatch(path)] if member.size <= min(_LARGEST, left) else []
        pieces = []
        head = body.read(_CHUNK)
        one.update(head)
        other.update(head)
        if kept:
            pieces.append(head)
        if head.startswith(_ELF) and is_linked(head):
            libraries.update(path for path in paths if may_be_bundled(path))
        while chunk := body.read(_CHUNK):
            one.update(chunk)
            other.update(chunk)
            if kept:
                pieces.append(chunk)
        sha256 |= dict.fromkeys(paths, one.hexdigest())
        md5 |= dict.fromkeys(paths, other.hexdigest())
        if kept:
            left -= member.size
            texts |= dict.fromkeys(kept, b"".join(pieces))
    return ImageFiles(stack=stack, sha256=sha256, md5=md5, texts=texts, libraries=frozenset(libraries))


def dpkg_packages(files: ImageFiles) -> Iterator[Installed]:
    """The installed packages of dpkg's status, and of ``status.d`` as distroless images have it.

    Raises IntegrityError TB2101, TB2103 for a status that cannot be read.
    """
    diverted = _diversions(files)
    sources = [f"{_ADMIN}/status", *sorted(path for path in files.texts if path.startswith(f"{_ADMIN}/status.d/"))]
    for source in sources:
        if source.endswith(".md5sums") or not files.text(source).strip():
            continue
        for stanza in parse_stanzas(files.text(source).strip("\n") + "\n", where=f"/{source}"):
            name, architecture = stanza.get("package", ""), stanza.get("architecture", "")
            state = "".join(stanza.get("status", "").split()[-1:])
            if name and (state in INSTALLED or (not state and "status.d/" in source)):
                yield _package(files, source, (name, stanza.get("version", ""), architecture), diverted)


def _package(files: ImageFiles, source: str, known: tuple[str, str, str], diverted: Mapping[str, _Aside]) -> Installed:
    name, version, architecture = known
    own: tuple[str, ...]
    if "status.d/" in source:
        sums, own = f"{source}.md5sums", (source, f"{source}.md5sums")
        paths = [match[2] for match in map(_MD5.fullmatch, files.text(sums).splitlines()) if match is not None]
    else:
        info = files.stack.children.get(f"{_ADMIN}/info", set())
        stem = f"{name}:{architecture}" if f"{name}:{architecture}.list" in info else name
        sums = f"{_ADMIN}/info/{stem}.md5sums"
        own = tuple(f"{_ADMIN}/info/{each}" for each in sorted(info) if each.rpartition(".")[0] == stem)
        paths = files.text(f"{_ADMIN}/info/{stem}.list").splitlines()
    digests = {
        _placed(files, match[2], name, diverted): ("md5", match[1])
        for match in map(_MD5.fullmatch, files.text(sums).splitlines())
        if match is not None
    }
    placed = tuple(_placed(files, path, name, diverted) for path in paths if path.strip("/.") or "." not in path)
    return Installed(
        kind="deb",
        name=name,
        version=version,
        architecture=architecture,
        paths=tuple(path for path in placed if path),
        digests=digests,
        own=tuple(path for path in own if path in files.stack.places),
    )


@dataclass(frozen=True, slots=True)
class _Aside:
    to: str
    package: str


def _diversions(files: ImageFiles) -> dict[str, _Aside]:
    lines = files.text(f"{_ADMIN}/diversions").splitlines()
    return {
        files.real(lines[at]): _Aside(files.real(lines[at + 1]), lines[at + 2]) for at in range(0, len(lines) - 2, 3)
    }


def _placed(files: ImageFiles, path: str, package: str, diverted: Mapping[str, _Aside]) -> str:
    """Where a package's file lies: through the links on its way, and aside where another package diverts it."""
    found = files.real(path)
    aside = diverted.get(found)
    return aside.to if aside is not None and aside.package != package else found


def python_distributions(files: ImageFiles) -> Iterator[Installed]:
    """Each distribution with a RECORD, wherever it lies ("Recording installed projects"); name and version normal.

    Raises IntegrityError TB4105 for a RECORD that cannot be read.
    """
    from packaging.utils import canonicalize_name

    for path in sorted(files.texts):
        match = _RECORD.fullmatch(path)
        if match is None:
            continue
        rows = parse_record(files.texts[path], archive="the image", member=f"/{path}")
        site = match["site"]
        placed = {name: files.real(posixpath.normpath(f"/{site}/{name}")) for name in rows}
        yield Installed(
            kind="pypi",
            name=canonicalize_name(match["name"]),
            version=match["version"],
            architecture="",
            paths=tuple(placed.values()),
            digests={
                placed[name]: ("sha256", row.digest.hex()) for name, row in rows.items() if row.algorithm == "sha256"
            },
            own=(path,),
        )
