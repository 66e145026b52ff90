"""Binary packages as a ``Packages`` index describes them (Debian Repository Format, "Packages Indices")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from twinbuild.debian.control import Stanza, read_stanzas
from twinbuild.debian.relation import Alternatives, Provided, parse_provides, parse_relations
from twinbuild.debian.version import require_version
from twinbuild.errors import IntegrityError

__all__ = ["Package", "read_packages"]

_WORD: Final = r"[A-Za-z0-9+._~%:-]"
_FORM: Final = re.compile(  # the fields that every entry must have, joined by line ends: one match is much faster
    r"[a-z0-9][a-z0-9+.-]*\n"  # Package (Policy, 5.6.1; dpkg allows a single character too)
    r"[a-z0-9-]+\n"  # Architecture
    rf"[A-Za-z0-9]{_WORD}*(?:/[A-Za-z0-9+_~%]{_WORD}*)+\.deb\n"  # Filename, without . or .. as a part
    r"[0-9]{1,12}\n"  # Size
    r"[0-9a-f]{64}",  # SHA256
    re.ASCII,
)
_SOURCE: Final = re.compile(r"([a-z0-9][a-z0-9+.-]*)(?:\s+\(([^\s()]+)\))?", re.ASCII)


class Package(NamedTuple):
    """One version of a binary package in one suite. Relationship fields are kept as text and parsed when asked for.

    A tuple, because an index has 65,000 of them and a frozen dataclass takes four times as long to make.
    """

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
    name, version, architecture = get("package", ""), get("version", ""), get("architecture", "")
    path, size, sha256 = get("filename", ""), get("size", ""), get("sha256", "")
    if _FORM.fullmatch(f"{name}\n{architecture}\n{path}\n{size}\n{sha256}") is None:
        fields = f"Package {name!r}, Architecture {architecture!r}, Filename {path!r}, Size {size!r}, SHA256 {sha256!r}"
        raise _unfit(name, fields, where)
    require_version(version)
    source, source_version = name, version
    if written := get("source"):
        match = _SOURCE.fullmatch(written)
        if match is None:
            raise _unfit(name, f"Source {written!r}", where)
        source, source_version = match[1], match[2] or version
    return Package(
        name,
        version,
        architecture,
        archive,
        suite,
        component,
        path,
        int(size),
        sha256,
        source,
        source_version,
        get("essential") == "yes",
        get("priority", "optional"),
        get("multi-arch", "no"),
        get("depends", ""),
        get("pre-depends", ""),
        get("provides", ""),
        get("conflicts", ""),
        get("breaks", ""),
    )


def _unfit(name: str, fields: str, where: str) -> IntegrityError:
    return IntegrityError.of(
        "TB2104",
        f"the entry of package {name[:80]!r} lacks a field or has one that is not allowed: {fields[:400]}",
        hint="use the index that the archive publishes",
        where=where,
    )
