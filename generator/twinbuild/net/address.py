"""Addresses: where bytes come from. Parsed once, strictly; spelled without credentials wherever people can see them.

RFC 3986 for the parts, but stricter: an address with a control character, a blank, a backslash or a non-ASCII
character is refused and not repaired, since two parsers would repair it in two ways.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from twinbuild.errors import FetchError

__all__ = ["Address", "Origin", "is_web", "join", "redact", "unfit"]

_ACCEPTABLE = re.compile(r"[!-\[\]-~]{1,8192}", re.ASCII)  # printable ASCII but the backslash
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]{2,45}\]", re.ASCII)
_PORTS = {"http": 80, "https": 443}
_CREDENTIALS = re.compile(r"(?<=//)[^/@?#]*@")
_SECRET = re.compile(r"[?#].*", re.DOTALL)

Origin = tuple[str, str, int]  # scheme, host, port: what credentials belong to (RFC 6454)


def redact(address: str) -> str:
    """An address that may be shown: without user, password and query (which may hold a signature or token)."""
    shown = _CREDENTIALS.sub("***@", address)
    shown = _SECRET.sub(lambda match: "?***" if match[0].startswith("?") else "", shown)
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in shown)[:500]


def is_web(address: str) -> bool:
    """Whether an address asks for HTTP (else it is a directory or file of this machine)."""
    return address.lower().startswith(("http:", "https:"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An http(s) address in its parts. ``user`` and ``password`` are decoded and no part of ``str()``."""

    scheme: str
    host: str  # lower case, IPv6 in brackets
    port: int
    target: str  # path and query, percent-encoded
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The value of an address. Raises FetchError TB3010 (its message is redacted)."""
        if not _ACCEPTABLE.fullmatch(text):
            raise unfit(text, "is empty, too long or has a character that must be percent-encoded")
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise unfit(text, "cannot be parsed") from None
        scheme = parts.scheme.lower()
        if scheme not in _PORTS:
            raise unfit(text, f"has the scheme {scheme[:20]!r}, expected http or https")
        host = (parts.hostname or "").lower()
        host = f"[{host}]" if ":" in host else host
        if not _HOST.fullmatch(host):
            raise unfit(text, "has no acceptable host")
        return cls(
            scheme=scheme,
            host=host,
            port=_PORTS[scheme] if port is None else port,
            target=urlunsplit(("", "", parts.path or "/", parts.query, "")),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )

    def __str__(self) -> str:
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}{self.target}"

    @property
    def origin(self) -> Origin:
        """Scheme, host and port."""
        return self.scheme, self.host, self.port

    @property
    def name(self) -> str:
        """The host without the brackets of IPv6."""
        return self.host.strip("[]")

    def follow(self, location: str) -> str:
        """The address that ``location`` (absolute or relative) means here; no credentials are inherited."""
        return urljoin(str(self), location)


def unfit(text: str, reason: str) -> FetchError:
    """TB3010: an address is none that can be used; ``reason`` follows the word."""
    return FetchError.of(
        "TB3010",
        f"address {reason}",
        hint="correct the address where it is set; write a directory of this machine as file:///path",
        where=redact(text),
    )


def join(base: str, path: str) -> str:
    """The address of a file below ``base``; ``path`` is plain text with forward slashes.

    Raises FetchError TB3010 for a path that would leave ``base``.
    """
    parts = path.split("/")
    if any(part in ("", ".", "..") or "\\" in part or not part.isprintable() for part in parts):
        raise unfit(base, f"cannot be joined with the path {path[:200]!r}")
    if is_web(base):
        return base.rstrip("/") + "/" + "/".join(quote(part, safe="!$&'()*+,;=:@~-._") for part in parts)
    return base.rstrip("/") + "/" + path if not base.startswith("file:") else base.rstrip("/") + "/" + quote(path)
