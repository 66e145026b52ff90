"""Where Debian's archives are: settings of the machine, from variables or from apt's own sources. Never in a lock.

==============================  ====================================================================================
``TWINBUILD_DEBIAN_MIRROR``     base address of the archive ``debian`` (below it lie ``dists/`` and ``pool/``)
``TWINBUILD_DEBIAN_SECURITY``   that of ``debian-security``; without it, the sibling ``…/debian-security`` of the mirror
``TWINBUILD_DEBIAN_SNAPSHOT``   a second source, with ``{archive}`` and ``{timestamp}`` where the snapshot has them
==============================  ====================================================================================

Each may hold several addresses, separated by blanks, that are tried in order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from twinbuild.debian.control import parse_stanzas
from twinbuild.errors import EnvironmentFault, IntegrityError, UsageError

__all__ = [
    "ARCHIVES",
    "AptFiles",
    "Mirrors",
    "apt_archives",
    "find_mirrors",
    "read_apt_files",
    "require_addresses",
    "snapshot_address",
]

ARCHIVES: Final = ("debian", "debian-security")
_MIRROR: Final = "TWINBUILD_DEBIAN_MIRROR"
_SECURITY: Final = "TWINBUILD_DEBIAN_SECURITY"
_SNAPSHOT: Final = "TWINBUILD_DEBIAN_SNAPSHOT"
_SET: Final = f"set {_MIRROR} to the base address of a Debian mirror, such as https://mirror.example/debian"
_SUITE: Final = re.compile(
    r"(?:bookworm|trixie|forky|sid|stable|oldstable|testing|unstable)(-updates|-backports|-proposed-updates|-security)?"
)
_ONE_LINE: Final = re.compile(r"deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)")
_SCHEMES: Final = frozenset({"http", "https"})
_LIMIT: Final = 1 << 20  # bytes of a sources file


@dataclass(frozen=True, slots=True, kw_only=True)
class AptFiles:
    """What this machine's apt is told: the text of /etc/os-release, and path and text of each sources file."""

    os_release: str
    sources: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrors:
    """Addresses per archive, as Settings has them; ``snapshots`` have ``{timestamp}`` in them."""

    archives: tuple[tuple[str, tuple[str, ...]], ...]
    snapshots: tuple[tuple[str, tuple[str, ...]], ...]


def read_apt_files(root: Path = Path("/")) -> AptFiles:
    """Read what apt reads (sources.list(5)). What is missing, unreadable or not text counts as absent."""
    folder = root / "etc/apt/sources.list.d"
    names = [root / "etc/apt/sources.list"]
    if folder.is_dir():
        names += sorted(path for path in folder.iterdir() if path.suffix in {".list", ".sources"})
    texts = ((str(path), _text(path)) for path in names)
    release = _text(root / "etc/os-release") or _text(root / "usr/lib/os-release")
    return AptFiles(os_release=release, sources=tuple((name, text) for name, text in texts if text))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(_LIMIT).decode()
    except (OSError, UnicodeDecodeError):
        return ""


def find_mirrors(environment: Mapping[str, str], files: AptFiles) -> Mirrors:
    """The mirrors that the variables name, else those of apt on a Debian host; an archive may stay unknown.

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
    return Mirrors(
        archives=tuple((archive, known[archive]) for archive in ARCHIVES if known[archive]),
        snapshots=tuple((archive, snapshots[archive]) for archive in ARCHIVES if patterns),
    )


def require_addresses(
    archive: str, archives: tuple[tuple[str, tuple[str, ...]], ...], os_release: str
) -> tuple[str, ...]:
    """The addresses of an archive. Raises EnvironmentFault TB2140 if none is known; the remedy names the variable."""
    for name, addresses in archives:
        if name == archive and addresses:
            return addresses
    host = _fields(os_release).get("PRETTY_NAME", "this machine")
    raise EnvironmentFault.of(
        "TB2140",
        f"no address of the archive {archive} is known: {host} has no apt sources of Debian",
        hint=_SET if archive == "debian" else f"{_SET}, or {_SECURITY} for {archive} alone",
        where=archive,
    )


def _addresses(environment: Mapping[str, str], variable: str) -> tuple[str, ...]:
    addresses = tuple(address.rstrip("/") for address in environment.get(variable, "").split())
    for address in addresses:
        if not _usable(address):
            raise _no_address(variable, address, "an address that begins with https:// or http://")
    return addresses


def _usable(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return (
        parts.scheme in _SCHEMES
        and bool(parts.hostname)
        and not (parts.query or parts.fragment)
        and address.isascii()
        and address.isprintable()
    )


def _no_address(variable: str, value: str, expected: str) -> UsageError:
    return UsageError.of(
        "TB2142", f"{variable} holds {_redacted(value)!r}, expected {expected}", hint=_SET, where=variable
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

    Ubuntu's and other derivatives' sources are never taken, whatever they name (``ID`` of os-release(5) decides). Nor
    are other vendors': Debian's have its code names as suites, a component ``main``, and either its keyring as
    Signed-By, or no Signed-By and ``debian`` as the address's last part. Entries that are disabled or hold no binary
    packages (deb-src) do not count.
    """
    if _fields(files.os_release).get("ID") != "debian":
        return ()
    found: dict[str, list[str]] = {}
    for path, text in files.sources:
        for entry in _deb822(path, text) if path.endswith(".sources") else _one_line(text):
            archive = _archive(entry)
            address = entry.address.rstrip("/")
            if archive and _usable(address) and address not in found.setdefault(archive, []):
                found[archive].append(address)
    return tuple((archive, tuple(found[archive])) for archive in ARCHIVES if found.get(archive))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One suite at one address, as apt's sources name it."""

    address: str
    suite: str
    components: tuple[str, ...]
    signed_by: str


def _archive(entry: _Entry) -> str | None:
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


def _one_line(text: str) -> list[_Entry]:
    """Entries of ``deb`` lines (sources.list(5), "one-line-style format")."""
    entries = []
    for line in text.split("\n"):
        if match := _ONE_LINE.fullmatch(line.partition("#")[0].strip()):
            options = dict(option.partition("=")[::2] for option in (match[1] or "").split())
            entries.append(
                _Entry(
                    address=match[2],
                    suite=match[3],
                    components=tuple(match[4].split()),
                    signed_by=options.get("signed-by", ""),
                )
            )
    return entries


def _deb822(path: str, text: str) -> list[_Entry]:
    """Entries of enabled stanzas for packages (sources.list(5), "deb822-style format")."""
    try:
        stanzas = parse_stanzas(text, where=path, comments=True)
    except IntegrityError as error:
        raise EnvironmentFault.of(
            "TB2141",
            f"apt's sources cannot be read: {error.findings[0].message}",
            hint=f"mend it, or {_SET}",
            where=path,
        ) from error
    return [
        _Entry(
            address=address,
            suite=suite,
            components=tuple(stanza.get("components", "").split()),
            signed_by=stanza.get("signed-by", ""),
        )
        for stanza in stanzas
        if "deb" in stanza.get("types", "").split() and stanza.get("enabled", "yes").lower() not in {"no", "false"}
        for address in stanza.get("uris", "").split()
        for suite in stanza.get("suites", "").split()
    ]


def _fields(os_release: str) -> dict[str, str]:
    """os-release(5): shell-like assignments, one per line."""
    lines = (line.partition("=") for line in os_release.split("\n") if not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, mark, value in lines if mark}


def snapshot_address(pattern: str, date: str) -> str:
    """A snapshot's base address at a time (RFC 3339, UTC): ``{timestamp}`` becomes 20261121T091544Z."""
    return pattern.replace("{timestamp}", re.sub(r"[-:]", "", date))
