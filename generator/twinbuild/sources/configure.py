"""Settings from what the machine says: environment, ``twinbuild.toml``, then pip's and apt's own configuration.

A pure function of its arguments: the edge reads files and variables. Earlier sources win:

============  ===================================================  =====================  =====================
setting       environment                                          twinbuild.toml         else
============  ===================================================  =====================  =====================
store         TWINBUILD_STORE                                      store                  XDG_CACHE_HOME/twinbuild
index         TWINBUILD_INDEX_URL (``default``), _INDEX_NAME       [indexes]              pip's
archives      TWINBUILD_DEBIAN_*, _UBUNTU_MIRROR (by the caller)   [archives]             apt's
offline       TWINBUILD_OFFLINE                                    offline                no
proxies       HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY         [proxies], no_proxy    pip's
certificates  SSL_CERT_FILE, then PIP_CERT, REQUESTS_CA_BUNDLE     certificates           pip's, the system's
netrc         NETRC                                                netrc                  ``~/.netrc``, if there
mirrors       TWINBUILD_REGISTRY_MIRRORS                           [mirrors]              none
plain http    TWINBUILD_PLAIN_HTTP                                 plain_http             none
others        TWINBUILD_CONNECTIONS, _TIMEOUT, _RETRIES            connections, …         6, 60 s, 4
============  ===================================================  =====================  =====================

Variables of proxies count in lower case first, as everywhere; upper-case HTTP_PROXY is ignored in a CGI program.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from twinbuild.errors import Location, UsageError
from twinbuild.model.settings import Settings, index_variable, store_place
from twinbuild.sources.statements import (
    NAME,
    REGISTRY,
    VARIABLES,
    Statements,
    is_address,
    is_mirror,
    is_path,
    is_proxy,
    proxy_address,
)

__all__ = ["VARIABLES", "settings_from"]

Addresses = tuple[tuple[str, tuple[str, ...]], ...]

_TRUE: Final = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "": False,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}
_NUMBERS: Final = {"connections": (1, 64), "timeout": (0.1, 3600.0), "retries": (0, 20)}
_INDEX: Final = "TWINBUILD_INDEX_"
_MIRRORS: Final = "host[:port][/prefix] of a registry, with http:// before it where it has no TLS"


def settings_from(
    environment: Mapping[str, str],
    *,
    home: str,
    toml: bytes | None = None,
    toml_name: str = "twinbuild.toml",
    default_index: str = "",
    archives: Addresses = (),
    snapshots: Addresses = (),
    proxy: str = "",
    certificates: str = "",
    netrc: str = "",
) -> Settings:
    """The machine's settings. ``home`` is the user's home directory, absolute.

    ``default_index``, ``proxy`` and ``certificates`` are pip's own; ``archives`` and ``snapshots`` are what the
    TWINBUILD_DEBIAN_* variables say, else apt; ``netrc`` is the path of ``~/.netrc`` where that exists. Raises
    UsageError TB8030-TB8033 with all findings.
    """
    reading = _Reading(environment, toml, toml_name)
    from_environment = any(environment.get(name) for name in VARIABLES if name.startswith("TWINBUILD_DEBIAN_"))
    first, second = (reading.several("archives"), archives)[:: -1 if from_environment else 1]
    settings = Settings(
        store=reading.path("TWINBUILD_STORE", "store") or store_place(environment, home),
        indexes=reading.indexes(default_index),
        archives=_merged(first, second),
        snapshots=_merged(*(reading.several("snapshots"), snapshots)[:: -1 if from_environment else 1]),
        certificates=reading.certificates() or certificates,
        proxies=reading.proxies(proxy),
        no_proxy=reading.no_proxy(),
        netrc=reading.path("NETRC", "netrc") or netrc,
        mirrors=reading.mirrors(),
        plain_http=reading.plain_http(),
        offline=reading.offline(),
        connections=int(reading.number("connections", 6)),
        timeout=float(reading.number("timeout", 60.0)),
        retries=int(reading.number("retries", 4)),
    )
    if reading.findings:
        raise UsageError(tuple(reading.findings))
    return settings


def _merged(first: Addresses, second: Addresses) -> Addresses:
    return tuple(sorted({**dict(second), **dict(first)}.items()))


class _Reading(Statements):
    """The settings one by one, from what was stated."""

    def path(self, variable: str, key: str) -> str:
        """An absolute path, or ""."""
        value: object = self.environment.get(variable, "")
        if value:
            if not is_path(value):
                self.variable(variable, "an absolute path")
            return str(value)
        value = self.document.get(key, "")
        if value != "" and not is_path(value):
            self.wrong(key, "an absolute path", "", key)
        return str(value)

    def certificates(self) -> str:
        """The certificate bundle that the environment names first, else that of the document."""
        for variable in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE"):
            if self.environment.get(variable):
                return self.environment[variable]
        return self.path("", "certificates")

    def offline(self) -> bool:
        """Whether the network may not be used."""
        if "TWINBUILD_OFFLINE" in self.environment:
            value = _TRUE.get(self.environment["TWINBUILD_OFFLINE"].strip().lower())
            if value is None:
                self.variable("TWINBUILD_OFFLINE", "1 or 0")
            return bool(value)
        stated = self.document.get("offline", False)
        if not isinstance(stated, bool):
            self.wrong("offline", "true or false", "", "offline")
        return bool(stated)

    def number(self, key: str, default: float) -> float:
        """A number within its range."""
        low, high = _NUMBERS[key]
        expected = f"a number from {low:g} to {high:g}"
        variable = f"TWINBUILD_{key.upper()}"
        text = self.environment.get(variable, "")
        whole = isinstance(low, int)
        if text:
            if not re.fullmatch(r"[0-9]{1,6}" if whole else r"[0-9]{1,6}(\.[0-9]{1,6})?", text, re.ASCII):
                self.variable(variable, expected)
                return default
            if not low <= float(text) <= high:
                self.variable(variable, expected)
            return float(text)
        value = self.document.get(key, default)
        kinds = (int,) if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            self.wrong(key, expected, "", key)
            return default
        return value

    def indexes(self, default: str) -> tuple[tuple[str, str], ...]:
        """Addresses of indexes by name."""
        found = {"default": default} if default else {}
        for name, value in self.table("indexes"):
            if self.named(name, "indexes") and self.address(value, "indexes", name):
                found[name] = str(value)
        for variable, value in sorted(self.environment.items()):
            if not variable.startswith(_INDEX) or not (stated := value.strip()):
                continue
            if not is_address(stated):
                self.variable(variable, "the address of a simple API, or file:///directory")
            name = "default" if variable == "TWINBUILD_INDEX_URL" else self._index(variable)
            # Names that differ in punctuation alone have one variable.
            found |= dict.fromkeys([known for known in found if index_variable(known) == variable] or [name], stated)
        return tuple(sorted(found.items()))

    def _index(self, variable: str) -> str:
        """The name that a variable stands for."""
        name = variable.removeprefix(_INDEX).lower().replace("_", "-")
        if name == "default" or index_variable(name) != variable or not NAME.fullmatch(name):
            right = index_variable(name.strip("-") or "default")
            self.add("TB8033", f"unknown variable {variable}", f"write {right}", Location(subject=variable))
        return name

    def several(self, table: str) -> Addresses:
        """Addresses by name, each a text or a list of texts."""
        found = {}
        for name, value in self.table(table):
            listed = value if isinstance(value, list) and value else [value]
            addresses = tuple(str(address) for address in listed if self.address(address, table, name))
            if table == "snapshots" and any("{timestamp}" not in address for address in addresses):
                self.wrong(f"{table}.{name}", "addresses with {timestamp} in them", table, name)
            if self.named(name, table) and addresses:
                found[name] = addresses
        return tuple(sorted(found.items()))

    def proxies(self, default: str) -> tuple[tuple[str, str], ...]:
        """Proxies by scheme of the address that is asked for."""
        found = {"all": default} if default else {}
        for scheme, value in self.table("proxies"):
            if scheme not in ("http", "https", "all"):
                self.add("TB8031", f"unknown key {scheme!r}", "use http, https or all", self.at("proxies", scheme))
            elif not isinstance(value, str) or not is_proxy(value):
                self.wrong(f"proxies.{scheme}", "the address of an http proxy", "proxies", scheme)
            else:
                found[scheme] = proxy_address(value)
        in_cgi = bool(self.environment.get("REQUEST_METHOD"))  # a client's header Proxy: would set HTTP_PROXY
        for scheme in ("http", "https", "all"):
            names = (
                [f"{scheme}_proxy"] if scheme == "http" and in_cgi else [f"{scheme}_proxy", f"{scheme.upper()}_PROXY"]
            )
            variable = next((name for name in names if name in self.environment), "")
            value = self.environment.get(variable, "").strip()
            if value and not is_proxy(value):
                self.variable(variable, "the address of an http proxy")
            elif variable:
                found[scheme] = proxy_address(value) if value else ""
        return tuple(sorted((scheme, address) for scheme, address in found.items() if address))

    def no_proxy(self) -> tuple[str, ...]:
        """Hosts that are reached directly."""
        for variable in ("no_proxy", "NO_PROXY"):
            if variable in self.environment:
                return tuple(part for part in re.split(r"[\s,]+", self.environment[variable]) if part)
        value = self.document.get("no_proxy", [])
        if not isinstance(value, list) or not all(isinstance(part, str) and part for part in value):
            self.wrong("no_proxy", "a list of host names", "", "no_proxy")
            return ()
        return tuple(value)

    def mirrors(self) -> Addresses:
        """Mirrors by registry, in the order in which they are asked."""
        found: dict[str, tuple[str, ...]] = {}
        for registry, value in self.table("mirrors"):
            listed = value if isinstance(value, list) and value else [value]
            if not REGISTRY.fullmatch(registry) or not all(is_mirror(each) for each in listed):
                self.wrong(f"mirrors.{registry[:80]}", _MIRRORS, "mirrors", registry)
            else:
                found[registry] = tuple(str(each) for each in listed)
        stated: dict[str, tuple[str, ...]] = {}
        for pair in self.environment.get("TWINBUILD_REGISTRY_MIRRORS", "").split():
            registry, _, mirror = pair.partition("=")
            if not REGISTRY.fullmatch(registry) or not is_mirror(mirror):
                self.variable("TWINBUILD_REGISTRY_MIRRORS", f"REGISTRY=MIRROR, where MIRROR is {_MIRRORS}")
                break
            stated[registry] = (*stated.get(registry, ()), mirror)
        return tuple(sorted((found | stated).items()))

    def plain_http(self) -> tuple[str, ...]:
        """Registries that are reached without TLS."""
        expected = "hosts of registries, such as registry.lan:5000"
        if "TWINBUILD_PLAIN_HTTP" in self.environment:
            hosts = self.environment["TWINBUILD_PLAIN_HTTP"].replace(",", " ").split()
            if not all(REGISTRY.fullmatch(host) for host in hosts):
                self.variable("TWINBUILD_PLAIN_HTTP", expected)
            return tuple(hosts)
        value = self.document.get("plain_http", [])
        listed = value if isinstance(value, list) else [value]
        if value != listed or not all(isinstance(host, str) and REGISTRY.fullmatch(host) for host in listed):
            self.wrong("plain_http", f"a list of {expected}", "", "plain_http")
            return ()
        return tuple(listed)
