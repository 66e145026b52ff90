"""Which proxy, if any, stands between us and a host."""

from __future__ import annotations

import ipaddress

from twinbuild.model.settings import Settings
from twinbuild.net.address import Address
from twinbuild.net.neighbourhood import is_loopback

__all__ = ["proxy_of"]


def proxy_of(address: Address, settings: Settings) -> str:
    """The address of the proxy for an address, or "" to reach it directly.

    This machine is always reached directly. ``no_proxy`` names hosts with everything below them (``example`` and
    ``.example`` alike), hosts with a port, address ranges (``10.0.0.0/8``), or all (``*``).
    """
    if is_loopback(address.name) or any(_exempts(entry.strip().lower(), address) for entry in settings.no_proxy):
        return ""
    proxies = dict(settings.proxies)
    return proxies.get(address.scheme) or proxies.get("all", "")


def _exempts(entry: str, address: Address) -> bool:
    if entry == "*":
        return True
    host, colon, port = entry.rpartition(":")
    if colon and port.isdecimal() and (host.count(":") == 0 or host.endswith("]")):
        if int(port) != address.port:
            return False
        entry = host
    entry = entry.strip("[]")
    try:
        return ipaddress.ip_address(address.name) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        name = entry.lstrip("*").lstrip(".")
        return bool(name) and (address.name == name or address.name.endswith(f".{name}"))
