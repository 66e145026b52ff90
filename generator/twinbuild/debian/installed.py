"""What dpkg's database says is installed (``/var/lib/dpkg/status``), as packages that others can depend on."""

from __future__ import annotations

from typing import Final

from twinbuild.debian.control import parse_stanzas
from twinbuild.debian.packages import Package
from twinbuild.errors import LockError

__all__ = ["INSTALLED", "STATUS", "installed_packages"]

STATUS: Final = "var/lib/dpkg/status"
INSTALLED: Final = frozenset({"installed", "triggers-awaited", "triggers-pending"})  # dpkg(1), "Package states"
_AWAY: Final = frozenset({"not-installed", "config-files"})


def installed_packages(status: str, *, architecture: str, where: str) -> tuple[Package, ...]:
    """The installed packages, sorted by name; no file, suite or digest of them is known.

    Of one name, that of ``architecture`` comes first, and then those of others (multi-arch), which satisfy nothing.
    Raises LockError TB2280 where dpkg was interrupted, IntegrityError TB2101, TB2103.
    """
    found: dict[tuple[str, bool, str], Package] = {}
    unfinished: list[str] = []
    for stanza in parse_stanzas(status.strip("\n") + "\n", where=where):
        get = stanza.get
        state = "".join(get("status", "").split()[-1:])
        name, version, own = get("package", ""), get("version", ""), get("architecture", "")
        if state not in INSTALLED:
            unfinished += [f"{name} ({state})"] if state and state not in _AWAY else []
            continue
        key = name, own not in {architecture, "all"}, own
        found[key] = Package(
            name=name,
            version=version,
            architecture=own,
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
    if unfinished:
        more = f" and {len(unfinished) - 3} more" if len(unfinished) > 3 else ""
        raise LockError.of(
            "TB2280",
            f"in the base dpkg left packages half done: {', '.join(sorted(unfinished)[:3])}{more}",
            hint="build the base again after `dpkg --configure -a`, or take base.debian out",
            where=where,
        )
    return tuple(found[key] for key in sorted(found))
