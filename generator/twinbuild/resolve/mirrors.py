"""Where archives of packages are: settings of the machine, from variables or from apt's own sources. Never in a lock.

==============================  ====================================================================================
``TWINBUILD_DEBIAN_MIRROR``     base address of the archive ``debian`` (below it lie ``dists/`` and ``pool/``)
``TWINBUILD_DEBIAN_SECURITY``   that of ``debian-security``; without it, the sibling ``…/debian-security`` of the mirror
``TWINBUILD_DEBIAN_SNAPSHOT``   a second source, with ``{archive}`` and ``{timestamp}`` where the snapshot has them
``TWINBUILD_UBUNTU_MIRROR``     base address of the archive ``ubuntu``; so for the ``ID`` of any system that a base has
==============================  ====================================================================================

Each may hold several addresses, separated by blanks, that are tried in order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from twinbuild.errors import EnvironmentFault, IntegrityError, UsageError
from twinbuild.model.settings import addresses_of, mirror_variable
from twinbuild.resolve.apt_sources import AptFiles, Entry, is_address, os_release_fields, own_entries, read_entries

__all__ = [
    "ARCHIVES",
    "Mirrors",
    "apt_archives",
    "find_mirrors",
    "require_addresses",
    "snapshot_address",
    "system_archives",
]

ARCHIVES: Final = ("debian", "debian-security")
_MIRROR: Final = "TWINBUILD_DEBIAN_MIRROR"
_SECURITY: Final = "TWINBUILD_DEBIAN_SECURITY"
_SNAPSHOT: Final = "TWINBUILD_DEBIAN_SNAPSHOT"
_SET: Final = f"set {_MIRROR} to the base address of a Debian mirror, such as https://mirror.example/debian"
_SUITE: Final = re.compile(
    r"(?:bookworm|trixie|forky|sid|stable|oldstable|testing|unstable)(-updates|-backports|-proposed-updates|-security)?"
)
_OTHERS: Final = re.compile(r"TWINBUILD_(?!DEBIAN_)([A-Z0-9_]+)_MIRROR", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrors:
    """Addresses per archive, as Settings has them; ``snapshots`` have ``{timestamp}`` in them."""

    archives: tuple[tuple[str, tuple[str, ...]], ...]
    snapshots: tuple[tuple[str, tuple[str, ...]], ...]


def find_mirrors(environment: Mapping[str, str], files: AptFiles) -> Mirrors:
    """The mirrors that the variables name, else those of the host's apt; an archive may stay unknown.

    Raises UsageError TB2142 for a variable that holds no address. That a needed archive is unknown is found where it
    is needed (``require_addresses``).
    """
    mirror = _addresses(environment, _MIRROR)
    security = _addresses(environment, _SECURITY)
    if mirror and not security:
        security = tuple(_sibling(address) for address in mirror)
    found = dict(apt_archives(files)) if not mirror or not security else {}
    known = {
        "debian": mirror or found.get("debian", ()),
        "debian-security": security or found.get("debian-security", ()),
    }
    patterns = _addresses(environment, _SNAPSHOT)
    for pattern in patterns:
        if "{timestamp}" not in pattern:
            raise _no_address(_SNAPSHOT, pattern, "an address with {timestamp} in it")
    snapshots = {archive: tuple(p.replace("{archive}", archive) for p in patterns) for archive in ARCHIVES}
    others = {
        match[1].lower().replace("_", "-"): _addresses(environment, variable)
        for variable in sorted(environment)
        if (match := _OTHERS.fullmatch(variable))
    }
    for archive, addresses in system_archives(files):
        if not addresses_of(archive, tuple(others.items())):
            others[archive] = addresses
    return Mirrors(
        archives=tuple((archive, addresses) for archive, addresses in (known | others).items() if addresses),
        snapshots=tuple((archive, snapshots[archive]) for archive in ARCHIVES if patterns),
    )


def require_addresses(
    archive: str, archives: tuple[tuple[str, tuple[str, ...]], ...], os_release: str
) -> tuple[str, ...]:
    """The addresses of an archive of Debian's or another's.

    Raises EnvironmentFault TB2140 (Debian's) or TB2293 if none is known; the remedy names the variable.
    """
    if addresses := addresses_of(archive, archives):
        return addresses
    if archive not in ARCHIVES:
        variable = mirror_variable(archive)
        raise EnvironmentFault.of(
            "TB2293",
            f"no address of the archive {archive} is known: no setting names one, and the base's apt has no source "
            "of it",
            hint=f"set {variable} to its base address, such as https://mirror.example/{archive}, or write that below "
            "[archives] in twinbuild.toml",
            where=archive,
        )
    host = os_release_fields(os_release).get("PRETTY_NAME", "this machine")
    raise EnvironmentFault.of(
        "TB2140",
        f"no address of the archive {archive} is known: {host} has no apt sources of Debian",
        hint=_SET if archive == "debian" else f"{_SET}, or {_SECURITY} for {archive} alone",
        where=archive,
    )


def _addresses(environment: Mapping[str, str], variable: str) -> tuple[str, ...]:
    addresses = tuple(address.rstrip("/") for address in environment.get(variable, "").split())
    for address in addresses:
        if not is_address(address):
            raise _no_address(variable, address, "an address that begins with https:// or http://")
    return addresses


def _no_address(variable: str, value: str, expected: str) -> UsageError:
    hint = _SET if variable.startswith("TWINBUILD_DEBIAN_") else f"set {variable} to the base address of a mirror"
    return UsageError.of(
        "TB2142", f"{variable} holds {_redacted(value)!r}, expected {expected}", hint=hint, where=variable
    )


def _redacted(address: str) -> str:
    """An address without user and password, shortened."""
    return re.sub(r"//[^/@]*@", "//…@", address)[:120]


def _sibling(address: str) -> str:
    """``…/debian-security`` for ``…/debian``: how mirrors that carry both lay them out."""
    return (address.removesuffix("/debian") if address.endswith("/debian") else address) + "/debian-security"


# -- apt's sources -------------------------------------------------------------------------------------------------


def apt_archives(files: AptFiles) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Debian's archives among apt's sources, in their order; none on a host that is not Debian itself.

    Ubuntu's and other derivatives' sources are never taken for Debian's, whatever they name (``ID`` of os-release(5)
    decides). Nor are other vendors': Debian's have its code names as suites, a component ``main``, and either its
    keyring as Signed-By, or no Signed-By and ``debian`` as the address's last part. Entries that are disabled or hold
    no binary packages (deb-src) do not count.
    """
    if os_release_fields(files.os_release).get("ID") != "debian":
        return ()
    found: dict[str, list[str]] = {}
    for path, text in files.sources:
        for entry in _entries(path, text):
            archive = _archive(entry)
            address = entry.address.rstrip("/")
            if archive and is_address(address) and address not in found.setdefault(archive, []):
                found[archive].append(address)
    return tuple((archive, tuple(found[archive])) for archive in ARCHIVES if found.get(archive))


def _entries(path: str, text: str) -> list[Entry]:
    try:
        return read_entries(path, text)
    except IntegrityError as error:
        raise EnvironmentFault.of(
            "TB2141",
            f"apt's sources cannot be read: {error.findings[0].message}",
            hint=f"mend it, or {_SET}",
            where=path,
        ) from error


def _archive(entry: Entry) -> str | None:
    """Which of Debian's archives serves the entry's suite, if it is Debian's."""
    match = _SUITE.fullmatch(entry.suite)
    if match is None or "main" not in entry.components:
        return None
    security = match[1] == "-security"
    if entry.signed_by:
        ours = entry.signed_by.rpartition("/")[2].startswith("debian-archive-")
    else:
        ours = security or urlsplit(entry.address).path.rstrip("/").endswith("/debian")
    return ARCHIVES[security] if ours else None


def system_archives(files: AptFiles) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The archive of a host that is not Debian itself among its apt's sources, under the host's ``ID`` (``ubuntu``)."""
    system = os_release_fields(files.os_release).get("ID", "")
    if system in {"", "debian"}:
        return ()
    addresses = tuple(dict.fromkeys(entry.address.rstrip("/") for entry in own_entries(files, system)))
    return ((system, addresses),) if addresses else ()


def snapshot_address(pattern: str, date: str) -> str:
    """A snapshot's base address at a time (RFC 3339, UTC): ``{timestamp}`` becomes 20261121T091544Z."""
    return pattern.replace("{timestamp}", re.sub(r"[-:]", "", date))
