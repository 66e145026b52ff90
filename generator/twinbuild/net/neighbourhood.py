"""Which hosts are near: the machine itself and its link. A stranger may not send us there."""

from __future__ import annotations

import ipaddress

__all__ = ["is_loopback", "is_near"]


def is_loopback(host: str) -> bool:
    """Whether a host (a name, or a literal without brackets) is this machine by its very spelling."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    literal = _literal(host)
    return literal is not None and literal.is_loopback


def is_near(host: str) -> bool:
    """Whether a host is loopback, link-local (cloud metadata lies there), unspecified or multicast by spelling."""
    if is_loopback(host):
        return True
    literal = _literal(host)
    return literal is not None and (literal.is_link_local or literal.is_unspecified or literal.is_multicast)


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
