"""Package indexes by name: each project is looked for on exactly one, so nobody else's file can answer for it."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from twinbuild.errors import Finding, Location, SpecError, UsageError

__all__ = ["DEFAULT", "PythonIndex", "address_findings", "index_address", "refuse_spec_address", "scrub"]

DEFAULT: Final = "default"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_ADDRESS = re.compile(r"[a-z+]{3,}://[^\s'\"<>]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonIndex:
    """An index as a resolution sees it: the name that the lock states, where it is, and what is bound to it.

    ``projects`` are shell patterns over normalised project names (``acme-*``). What no pattern binds is looked for on
    the index called ``default``. ``address`` is the base of a simple API (PEP 503/691), an absolute directory, or ""
    where this machine does not know it; it may carry credentials and is therefore never printed.
    """

    name: str
    address: str
    projects: tuple[str, ...] = ()

    def binds(self, project: str) -> bool:
        """Whether a pattern of this index matches a normalised project name."""
        return any(fnmatch.fnmatchcase(project, pattern) for pattern in self.projects)


def address_findings(address: str, *, where: Location) -> tuple[Finding, ...]:
    """What is wrong with an address that a *spec* states: credentials and plain http have no place there.

    Codes TB2036, TB2037. The address is not repeated in the message.
    """
    parts = urlsplit(address)
    if "@" in parts.netloc or "${" in address:
        return (
            Finding(
                code="TB2037",
                message="an index address in the spec carries credentials",
                hint="remove them from the spec and keep them in the settings, in ~/.netrc or in a keyring",
                where=where,
            ),
        )
    if not _safe(address):
        return (_unsafe(where),)
    return ()


def index_address(index: PythonIndex) -> str:
    """An index's address as pip is to see it: a directory becomes a ``file:`` address.

    Raises UsageError TB2036 for anything but https, http to this machine itself, and directories.
    """
    if index.address.startswith("/"):
        return "file://" + quote(str(Path(index.address)))
    if not _safe(index.address):
        raise UsageError((_unsafe(Location(subject=f"index {index.name!r}")),))
    return index.address


def _safe(address: str) -> bool:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    if any(ord(character) <= 32 for character in address):
        return False
    if parts.scheme == "file":
        return parts.netloc in {"", "localhost"} and parts.path.startswith("/")
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )


def _unsafe(where: Location) -> Finding:
    return Finding(
        code="TB2036",
        message="an index address is neither https nor a directory: the digests that it states could be anybody's",
        hint="use an https address, an absolute directory, or http on this machine's own loopback",
        where=where,
    )


def scrub(text: str, indexes: tuple[PythonIndex, ...] = ()) -> str:
    """Text of another program without addresses: those of indexes become names, all others go."""
    for index in sorted(indexes, key=lambda each: -len(each.address)):
        if index.address:
            text = text.replace(index.address.rstrip("/"), f"<index {index.name}>")
    return _ADDRESS.sub("<address>", text)


def refuse_spec_address(address: str, *, where: Location) -> None:
    """Raise SpecError with ``address_findings`` where there are any."""
    if findings := address_findings(address, where=where):
        raise SpecError(findings)
