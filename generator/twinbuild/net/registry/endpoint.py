"""Where the API of a registry is: its own host, and the mirrors that the settings put before it.

Without a scheme a registry is https. On the loopback it may be either, and is asked; plain http to any other host is
spoken only where the settings say so for that host.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from twinbuild.model.reference import HUB, ImageReference
from twinbuild.model.settings import Settings
from twinbuild.net.address import Address, Origin, is_web
from twinbuild.net.neighbourhood import is_loopback

__all__ = ["Endpoint", "endpoints_of", "own_endpoint"]

_HUB_API: Final = "registry-1.docker.io"  # Docker Hub's name is not where its API is


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One place that serves a registry's repositories, below a path prefix (``""`` or ``team/cache``).

    ``scheme`` is "" where the place itself must be asked whether it speaks TLS. ``account`` is the name under which
    credentials are looked up.
    """

    scheme: str
    authority: str  # host[:port]
    prefix: str
    account: str
    mirror: bool

    def base(self, scheme: str) -> Address:
        """The address of the API's root."""
        return Address.parse(f"{scheme}://{self.authority}/v2/")

    def url(self, scheme: str, repository: str, path: str, query: str = "") -> str:
        """The address of something in a repository; ``path`` such as ``manifests/1.0``."""
        name = quote(f"{self.prefix}{repository}", safe="/")
        return f"{scheme}://{self.authority}/v2/{name}/{path}{'?' + query if query else ''}"

    def origin(self, scheme: str) -> Origin:
        """What credentials belong to."""
        return self.base(scheme).origin


def own_endpoint(registry: str, settings: Settings) -> Endpoint:
    """A registry's own API."""
    authority = _HUB_API if registry == HUB else registry
    return Endpoint(
        scheme=_scheme(authority, registry, settings), authority=authority, prefix="", account=registry, mirror=False
    )


def endpoints_of(reference: ImageReference, settings: Settings) -> tuple[Endpoint, ...]:
    """Where to ask for an image: the mirrors of its registry in the settings' order, then the registry itself."""
    mirrors = dict(settings.mirrors).get(reference.registry, ())
    return (*(_mirror(text, settings) for text in mirrors), own_endpoint(reference.registry, settings))


def _mirror(text: str, settings: Settings) -> Endpoint:
    stated = text.partition("://")[0].lower() if is_web(text) else ""
    authority, _, prefix = text[text.find("://") + 3 if stated else 0 :].partition("/")
    prefix = prefix.strip("/")
    return Endpoint(
        scheme=stated or _scheme(authority, authority, settings),
        authority=authority.lower(),
        prefix=f"{prefix}/" if prefix else "",
        account=authority.lower(),
        mirror=True,
    )


def _scheme(authority: str, registry: str, settings: Settings) -> str:
    if {authority, registry} & set(settings.plain_http):
        return "http"
    host = authority.partition("]")[0].lstrip("[") if authority.startswith("[") else authority.partition(":")[0]
    return "" if is_loopback(host) else "https"
