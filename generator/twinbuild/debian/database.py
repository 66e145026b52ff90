"""Dpkg's database of a tree that was made without dpkg: ``/var/lib/dpkg`` as dpkg 1.21 writes it.

Fields stand in dpkg's own order (lib/dpkg/parse.c, fieldinfos), each package is "install ok installed", and every
control member lies under ``info`` by the name that dpkg gives it, so that dpkg, apt and scanners see what is there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Final

from twinbuild.debian.archive import Deb
from twinbuild.debian.effects import SetOwner
from twinbuild.debian.relation import parse_relations
from twinbuild.debian.tree import Root
from twinbuild.debian.unpack import Diverted
from twinbuild.model.platform import Platform
from twinbuild.model.tree import BytesContent, Content, Directory, File

__all__ = ["ADMIN", "install_database", "status_stanza"]

ADMIN: Final = "var/lib/dpkg"
_BEFORE: Final = [
    "Package",
    "Essential",
    "Protected",
    "Status",
    "Priority",
    "Section",
    "Installed-Size",
    "Origin",
    "Maintainer",
    "Bugs",
    "Architecture",
    "Multi-Arch",
    "Source",
    "Version",
    "Replaces",
    "Provides",
    "Depends",
    "Pre-Depends",
    "Recommends",
    "Suggests",
    "Breaks",
    "Conflicts",
    "Enhances",
    "Conffiles",
    "Description",
]
_RELATIONS: Final = frozenset(
    {"Replaces", "Provides", "Depends", "Pre-Depends", "Recommends", "Suggests", "Breaks", "Conflicts", "Enhances"}
)
_DROPPED: Final = frozenset({"filename", "size", "md5sum", "msdos-filename"})  # of an index, not of a system
_PACKAGE: Final = re.compile(rb"^Package:[ \t]*([a-z0-9][a-z0-9+.-]*)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_ARCHITECTURE: Final = re.compile(rb"^Architecture:[ \t]*([a-z0-9-]+)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_THERE: Final = re.compile(
    rb"^Status:.*[ \t](?:installed|triggers-awaited|triggers-pending)[ \t]*$", re.MULTILINE | re.IGNORECASE
)
_INTEREST: Final = re.compile(r"interest(-await|-noawait)?\s+(\S+)", re.ASCII)


def install_database(
    root: Root,
    packages: Iterable[tuple[Deb, tuple[str, ...]]],
    platform: Platform,
    diverted: tuple[Diverted, ...] = (),
    overrides: tuple[SetOwner, ...] = (),
    *,
    ground: Root | None = None,
    shipped: Mapping[tuple[str, str], Content] | None = None,
) -> None:
    """Write the database of packages, each with the paths of its list, whatever their order.

    ``shipped`` are configuration files as packages have them (name, absolute path), whatever the tree has there.
    In a ``ground`` that has one, theirs is added to it: packages that it knows stay as they are in it.
    """
    ordered = sorted(packages, key=lambda pair: pair[0].name)
    stanzas = {deb.name: status_stanza(deb, _conffiles(root, deb, shipped or {})).encode() for deb, _ in ordered}
    diversions = "".join(f"{d.path}\n{d.to}\n{d.package}\n" for d in diverted).encode("utf-8", "surrogateescape")
    overridden = "".join(f"{o.user} {o.group} {o.mode:o} {o.path}\n" for o in overrides if o.recorded)
    known = ground if ground is not None else Root()
    for name in ("", "alternatives", "info", "parts", "triggers", "updates"):
        _directory(root, f"{ADMIN}/{name}".rstrip("/"))
    root.write(f"{ADMIN}/status", _merged(_content(known, "status"), stanzas))
    for name, content, mode in (
        ("available", b"", 0o644),
        ("arch", f"{platform.debian}\n".encode(), 0o644),
        ("info/format", b"1\n", 0o644),
        ("lock", b"", 0o640),
        ("lock-frontend", b"", 0o640),
    ):
        if known.file(f"{ADMIN}/{name}") is None:
            root.write(f"{ADMIN}/{name}", content, mode=mode)
    if diversions or ground is None:
        root.write(f"{ADMIN}/diversions", diversions)
    if overridden or ground is None:
        root.write(f"{ADMIN}/statoverride", overridden.encode("utf-8", "surrogateescape"))
    for deb, names in ordered:
        _control_members(root, deb, names)
    _triggers(root, [deb for deb, _ in ordered], known)


def _content(root: Root, name: str) -> bytes:
    return root.read(f"{ADMIN}/{name}") if root.file(f"{ADMIN}/{name}") is not None else b""


def _merged(status: bytes, stanzas: dict[str, bytes]) -> bytes:
    """A status file with these stanzas in place of any of the same packages, sorted by name as dpkg does.

    What is installed of a package for another architecture (multi-arch) stays beside it.
    """
    known = (stanza.strip(b"\n") + b"\n" for stanza in status.split(b"\n\n") if stanza.strip(b"\n"))
    kept = [(_package_of(stanza), stanza) for stanza in known]  # of a removed package its configuration may be left
    named = [pair for pair in kept if pair[0] not in stanzas or _beside(pair[1], stanzas[pair[0]])]
    named += stanzas.items()
    return b"".join(stanza + b"\n" for _, stanza in sorted(named, key=lambda pair: (pair[0], _architecture(pair[1]))))


def _beside(known: bytes, new: bytes) -> bool:
    architectures = {_architecture(known), _architecture(new)}
    return len(architectures) > 1 and b"all" not in architectures and _THERE.search(known) is not None


def _architecture(stanza: bytes) -> bytes:
    match = _ARCHITECTURE.search(stanza)
    return match[1] if match else b""


def _package_of(stanza: bytes) -> str:
    match = _PACKAGE.search(stanza)
    return match[1].decode() if match else ""


def _directory(root: Root, path: str) -> None:
    if not root.exists(path):
        root.put(Directory(path=path))


def _control_members(root: Root, deb: Deb, names: tuple[str, ...]) -> None:
    stem = f"{ADMIN}/info/{info_name(deb)}"
    root.write(f"{stem}.list", "".join(f"{name}\n" for name in names).encode())
    for name, content, mode in deb.members:
        root.put(File(path=f"{stem}.{name}", content=BytesContent(content), mode=mode & 0o755))


def info_name(deb: Deb) -> str:
    """The stem of a package's files under ``info``: with its architecture where several can be installed."""
    return f"{deb.name}:{deb.architecture}" if deb.multi_arch == "same" else deb.name


def _conffiles(root: Root, deb: Deb, shipped: Mapping[tuple[str, str], Content]) -> tuple[tuple[str, str], ...]:
    """Path and MD5 of the configuration files, as shipped."""
    found = []
    for path in deb.conffiles:
        if (own := shipped.get((deb.name, path))) is not None:
            with own.open() as stream:
                content = stream.read()
        else:
            content = root.read(path) if root.file(path) else b""
        found.append((path, hashlib.md5(content, usedforsecurity=False).hexdigest()))
    return tuple(found)


def status_stanza(deb: Deb, conffiles: tuple[tuple[str, str], ...]) -> str:
    """A package's stanza in the status file, which ends in one newline."""
    fields = {name.title(): value for name, value in deb.fields}
    fields["Status"] = "install ok installed"
    if conffiles:
        fields["Conffiles"] = "".join(f"\n {path} {digest}" for path, digest in conffiles)
    known = [name for name in _BEFORE if fields.get(name)]
    lines = [_field(name, fields[name]) for name in known if not (name == "Essential" and fields[name] != "yes")]
    known_lower = {name.lower() for name in _BEFORE}
    lines += [
        _field(name, value)
        for name, value in deb.fields
        if name.lower() not in known_lower and name.lower() not in _DROPPED
    ]
    return "".join(lines)


def _field(name: str, value: str) -> str:
    if name in _RELATIONS:
        value = ", ".join(" | ".join(str(term) for term in group) for group in parse_relations(value))
    return f"{name}:{value}\n" if value.startswith("\n") else f"{name}: {value}\n"


def _triggers(root: Root, debs: list[Deb], known: Root) -> None:
    """Who is interested in which trigger (deb-triggers(5)): named ones have a file each, paths share ``File``."""
    named: dict[str, list[str]] = {}
    paths: list[str] = []
    for deb in debs:
        for line in (deb.member("triggers") or b"").decode("utf-8", "replace").splitlines():
            match = _INTEREST.fullmatch(line.partition("#")[0].strip())
            if match is None:
                continue
            who = info_name(deb) + ("/noawait" if match[1] == "-noawait" else "")
            if match[2].startswith("/"):
                paths.append(f"{match[2]} {who}\n")
            else:
                named.setdefault(match[2], []).append(f"{who}\n")
    root.write(f"{ADMIN}/triggers/File", _content(known, "triggers/File") + "".join(paths).encode())
    root.write(
        f"{ADMIN}/triggers/Unincorp", _content(known, "triggers/Unincorp")
    )  # what the base was to do, it is to do
    if known.file(f"{ADMIN}/triggers/Lock") is None:
        root.write(f"{ADMIN}/triggers/Lock", b"", mode=0o600)
    for name, lines in sorted(named.items()):
        root.write(f"{ADMIN}/triggers/{name}", _content(known, f"triggers/{name}") + "".join(lines).encode())
