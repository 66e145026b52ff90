"""User and password for an address: from the address itself, from the settings' addresses, or from a netrc file.

They belong to one origin (scheme, host, port) and are sent to no other. A netrc file names hosts only, so what
comes from it is sent over TLS or on the loopback, never in the clear.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path

from twinbuild.errors import UsageError
from twinbuild.model.settings import Settings
from twinbuild.net.address import Address, Origin, is_web
from twinbuild.net.neighbourhood import is_loopback

__all__ = ["Credentials"]

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_LARGEST = 1 << 20


class Credentials:
    """The Authorization header for an address, where one is known."""

    def __init__(self, settings: Settings) -> None:
        self._origins: dict[Origin, tuple[str, str]] = {}
        for address in _addresses(settings):
            if is_web(address):
                parsed = Address.parse(address)
                if parsed.user or parsed.password:
                    self._origins[parsed.origin] = (parsed.user, parsed.password)
        self._netrc = settings.netrc
        self._machines: dict[str, tuple[str, str]] | None = None

    def header(self, address: Address) -> str:
        """``Basic …`` (RFC 7617), or "". Raises UsageError TB3013 for a netrc file that cannot be used."""
        user, password = address.user, address.password
        if not user and not password:
            user, password = self._origins.get(address.origin) or self._from_netrc(address)
        return basic(user, password) if user or password else ""

    def _from_netrc(self, address: Address) -> tuple[str, str]:
        if not self._netrc or (address.scheme != "https" and not is_loopback(address.name)):
            return "", ""
        if self._machines is None:
            self._machines = _read(self._netrc)
        return self._machines.get(address.name) or self._machines.get("") or ("", "")


def basic(user: str, password: str) -> str:
    """The value of an Authorization header (RFC 7617, UTF-8)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def _addresses(settings: Settings) -> list[str]:
    listed = [address for _, address in settings.indexes]
    for _, several in settings.archives + settings.snapshots:
        listed += several
    return listed


def _read(path: str) -> dict[str, tuple[str, str]]:
    """Entries of a netrc file by host; "" is its default entry. Macros end at an empty line and are passed over."""
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(_LARGEST + 1)
        text = content.decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise _unusable(path, "cannot be read as UTF-8 text") from None
    if len(content) > _LARGEST:
        raise _unusable(path, f"is larger than {_LARGEST} bytes")
    text = re.sub(r"(?m)^\s*#.*$|(?:(?<=\s)|^)macdef\b[\s\S]*?(?:\n[ \t]*\n|\Z)", "\n", text)
    words = iter([match[1] if match[1] is not None else match[2] for match in _TOKEN.finditer(text)])
    machines: dict[str, tuple[str, str]] = {}
    host: str | None = None
    for word in words:
        if word == "machine":
            host = next(words, "").lower()
            machines.setdefault(host, ("", ""))
        elif word == "default":
            host = ""
            machines.setdefault(host, ("", ""))
        elif word in ("login", "user", "password", "account") and host is not None:
            value = re.sub(r"\\(.)", r"\1", next(words, ""))
            user, password = machines[host]
            machines[host] = (user, value) if word == "password" else (value if word != "account" else user, password)
        else:
            raise _unusable(path, "has a word that is no netrc keyword where one is expected")
    return machines


def _unusable(path: str, reason: str) -> UsageError:
    return UsageError.of(
        "TB3013", f"the netrc file {reason}", hint="correct the file or point NETRC at another", where=path
    )
