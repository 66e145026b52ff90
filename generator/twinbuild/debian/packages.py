"""Binary packages as a ``Packages`` index describes them (Debian Repository Format, "Packages Indices")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from twinbuild.debian.control import Stanza, read_stanzas
from twinbuild.debian.relation import Alternatives, Provided, parse_provides, parse_relations
from twinbuild.debian.version import require_version
from twinbuild.errors import IntegrityError

__all__ = ["Package", "read_packages"]

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9+.-]+", re.ASCII)  # Policy, 5.6.1
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_PATH: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._~%:-]*(?:/[A-Za-z0-9+_~%][A-Za-z0-9+._~%:-]*)+\.deb", re.ASCII)
_SOURCE: Final = re.compile(r"([a-z0-9][a-z0-9+.-]+)(?:\s+\(([^\s()]+)\))?", re.ASCII)
_SIZE: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One version of a binary package in one suite. Relationship fields are kept as text and parsed when asked for."""

    name: str
    version: str
    architecture: str
    archive: str
    suite: str
    component: str
    path: str
    size: int  # bytes
    sha256: str  # 64 hexadecimal digits
    source: str
    source_version: str
    essential: bool
    priority: str
    multi_arch: str
    depends_text: str
    pre_depends_text: str
    provides_text: str
    conflicts_text: str
    breaks_text: str

    def __str__(self) -> str:
        return f"{self.name}={self.version}"

    @property
    def depends(self) -> tuple[Alternatives, ...]:
        """Groups of Depends. Raises IntegrityError TB2103, as do the other relationships."""
        return parse_relations(self.depends_text)

    @property
    def pre_depends(self) -> tuple[Alternatives, ...]:
        """Groups of Pre-Depends."""
        return parse_relations(self.pre_depends_text)

    @property
    def provides(self) -> tuple[Provided, ...]:
        """Names of Provides."""
        return parse_provides(self.provides_text)

    @property
    def excludes(self) -> tuple[Alternatives, ...]:
        """Groups of Conflicts and Breaks: none of them may be beside this package."""
        return parse_relations(self.conflicts_text) + parse_relations(self.breaks_text)


def read_packages(stream: BinaryIO, *, archive: str, suite: str, component: str) -> Iterator[Package]:
    """The packages of an uncompressed index, in its order.

    Every field that is kept is checked: names, versions, sizes, digests, and paths that stay below the archive's root.
    Raises IntegrityError TB2101 to TB2105.
    """
    where = f"{archive} {suite}/{component} Packages"
    for stanza in read_stanzas(stream, where=where):
        yield _package(stanza, archive, suite, component, where)


def _package(stanza: Stanza, archive: str, suite: str, component: str, where: str) -> Package:
    get = stanza.get
    name, version, path = get("package", ""), get("version", ""), get("filename", "")
    size, sha256 = get("size", ""), get("sha256", "").lower()
    source, source_version = name, version
    if written := get("source"):
        match = _SOURCE.fullmatch(written)
        if match is None:
            raise _unfit(name, "Source", written, where)
        source, source_version = match[1], match[2] or version
    if not _NAME.fullmatch(name):
        raise _unfit(name, "Package", name, where)
    if not _PATH.fullmatch(path):
        raise _unfit(name, "Filename", path, where)
    if not _SIZE.fullmatch(size):
        raise _unfit(name, "Size", size, where)
    if not _SHA256.fullmatch(sha256):
        raise _unfit(name, "SHA256", sha256, where)
    if not (architecture := get("architecture", "")):
        raise _unfit(name, "Architecture", architecture, where)
    require_version(version)
    return Package(
        name=name,
        version=version,
        architecture=architecture,
        archive=archive,
        suite=suite,
        component=component,
        path=path,
        size=int(size),
        sha256=sha256,
        source=source,
        source_version=source_version,
        essential=get("essential") == "yes",
        priority=get("priority", "optional"),
        multi_arch=get("multi-arch", "no"),
        depends_text=get("depends", ""),
        pre_depends_text=get("pre-depends", ""),
        provides_text=get("provides", ""),
        conflicts_text=get("conflicts", ""),
        breaks_text=get("breaks", ""),
    )


def _unfit(name: str, field: str, value: str, where: str) -> IntegrityError:
    got = f"{value[:120]!r}" if value else "nothing"
    return IntegrityError.of(
        "TB2104",
        f"package {name[:80]!r}: field {field} is {got}, which is missing or not allowed",
        hint="use the index that the archive publishes",
        where=where,
    )
