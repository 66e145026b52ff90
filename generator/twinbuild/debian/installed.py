"""What dpkg's database says is installed (``/var/lib/dpkg/status``), as packages that others can depend on."""

from __future__ import annotations

from typing import Final

from twinbuild.debian.control import parse_stanzas
from twinbuild.debian.packages import Package

__all__ = ["STATUS", "installed_packages"]

STATUS: Final = "var/lib/dpkg/status"


def installed_packages(status: str, *, architecture: str, where: str) -> tuple[Package, ...]:
    """The installed packages of an architecture, sorted by name; no file, suite or digest of them is known.

    Packages of other architectures (multi-arch) satisfy nothing here. Raises IntegrityError TB2101, TB2103.
    """
    found: dict[str, Package] = {}
    for stanza in parse_stanzas(status.strip("\n") + "\n", where=where):
        get = stanza.get
        if get("status", "").split()[-1:] != ["installed"] or get("architecture") not in {architecture, "all"}:
            continue
        name, version = get("package", ""), get("version", "")
        found[name] = Package(
            name=name,
            version=version,
            architecture=get("architecture", ""),
            archive="",
            suite="",
            component="",
            path="",
            size=0,
            sha256="",
            source=name,
            source_version=version,
            essential=get("essential") == "yes",
            priority=get("priority", "optional"),
            multi_arch=get("multi-arch", "no"),
            depends_text=get("depends", ""),
            pre_depends_text=get("pre-depends", ""),
            provides_text=get("provides", ""),
            conflicts_text=get("conflicts", ""),
            breaks_text=get("breaks", ""),
        )
    return tuple(found[name] for name in sorted(found))
