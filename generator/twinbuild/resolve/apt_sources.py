"""What apt is told of its sources (sources.list(5)), on this machine or in a base image: suites, addresses and keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from twinbuild.debian.control import parse_stanzas
from twinbuild.errors import IntegrityError

__all__ = ["AptFiles", "Entry", "is_address", "os_release_fields", "own_entries", "read_apt_files", "read_entries"]

_ONE_LINE: Final = re.compile(r"deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)")
_SCHEMES: Final = frozenset({"http", "https"})
_LIMIT: Final = 1 << 20  # bytes of a sources file
_POCKETS: Final = ("", "-updates", "-security", "-backports", "-proposed")


@dataclass(frozen=True, slots=True, kw_only=True)
class AptFiles:
    """What an apt is told: the text of /etc/os-release, and path and text of each sources file."""

    os_release: str
    sources: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One suite at one address, as apt's sources name it. ``signed_by`` is as written, "" where nothing is.

    apt takes paths of keyrings, fingerprints or a whole key there; only paths are of use here.
    """

    address: str
    suite: str
    components: tuple[str, ...]
    signed_by: str

    @property
    def keyrings(self) -> tuple[str, ...]:
        """What Signed-By names, as paths: several may be written, separated by blanks or commas."""
        return tuple(self.signed_by.replace(",", " ").split())


def read_apt_files(root: Path = Path("/")) -> AptFiles:
    """Read what apt reads. What is missing, unreadable or not text counts as absent."""
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


def os_release_fields(os_release: str) -> dict[str, str]:
    """os-release(5): shell-like assignments, one per line."""
    lines = (line.partition("=") for line in os_release.split("\n") if not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, mark, value in lines if mark}


def is_address(text: str) -> bool:
    """Whether a text is a base address that can be asked: http or https, with a host, and nothing behind the path."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return (
        parts.scheme in _SCHEMES
        and bool(parts.hostname)
        and not (parts.query or parts.fragment)
        and text.isascii()
        and text.isprintable()
    )


def read_entries(path: str, text: str) -> list[Entry]:
    """The entries of a sources file that are enabled and hold binary packages. Raises IntegrityError TB2101, TB2105."""
    return _deb822(path, text) if path.endswith(".sources") else _one_line(text)


def _one_line(text: str) -> list[Entry]:
    """Entries of ``deb`` lines ("one-line-style format")."""
    entries = []
    for line in text.split("\n"):
        if match := _ONE_LINE.fullmatch(line.partition("#")[0].strip()):
            options = dict(option.partition("=")[::2] for option in (match[1] or "").split())
            entries.append(
                Entry(
                    address=match[2],
                    suite=match[3],
                    components=tuple(match[4].split()),
                    signed_by=options.get("signed-by", ""),
                )
            )
    return entries


def _deb822(path: str, text: str) -> list[Entry]:
    """Entries of enabled stanzas for packages ("deb822-style format")."""
    return [
        Entry(
            address=address,
            suite=suite,
            components=tuple(stanza.get("components", "").split()),
            signed_by=stanza.get("signed-by", ""),
        )
        for stanza in parse_stanzas(text, where=path, comments=True)
        if "deb" in stanza.get("types", "").split() and stanza.get("enabled", "yes").lower() not in {"no", "false"}
        for address in stanza.get("uris", "").split()
        for suite in stanza.get("suites", "").split()
    ]


def own_entries(files: AptFiles, system: str) -> tuple[Entry, ...]:
    """The entries of the archive of a system that is not Debian itself, such as ``ubuntu``, on that very system.

    They have its code name as suite (or one of its pockets: ``noble-updates``), a component ``main``, and either its
    archive's keyring as Signed-By, or no Signed-By and its name as the address's last part. So other vendors' entries
    and people's own archives (PPAs) are passed over, with their keys. A file that cannot be parsed counts as absent.
    """
    fields = os_release_fields(files.os_release)
    codename = fields.get("VERSION_CODENAME", "")
    if not codename or fields.get("ID") != system:
        return ()
    suites = {codename + pocket for pocket in _POCKETS}
    return tuple(
        entry
        for path, text in files.sources
        for entry in _readable(path, text)
        if entry.suite in suites and "main" in entry.components and is_address(entry.address) and _own(entry, system)
    )


def _readable(path: str, text: str) -> list[Entry]:
    try:
        return read_entries(path, text)
    except IntegrityError:
        return []


def _own(entry: Entry, system: str) -> bool:
    if entry.signed_by:
        return all(re.fullmatch(rf"/(?:[^/]+/)*{re.escape(system)}-archive-[^/]+", path) for path in entry.keyrings)
    return urlsplit(entry.address).path.rstrip("/").rpartition("/")[2] in {system, f"{system}-ports"}
