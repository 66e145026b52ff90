"""Settings from what the machine says: environment, ``twinbuild.toml``, then pip's and apt's own configuration.

A pure function of its arguments: the edge reads files and variables. Earlier sources win:

============  ===================================================  =====================  =====================
setting       environment                                          twinbuild.toml         else
============  ===================================================  =====================  =====================
store         TWINBUILD_STORE                                      store                  XDG_CACHE_HOME/twinbuild
index         TWINBUILD_INDEX_URL (``default``), _INDEX_NAME       [indexes]              pip's
archives      TWINBUILD_DEBIAN_* (read by the caller)              [archives]             apt's
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

import difflib
import re
import tomllib
from collections.abc import Mapping
from typing import Final

from twinbuild.errors import FetchError, Finding, Location, UsageError
from twinbuild.model.reference import HOST, PATH
from twinbuild.model.settings import Settings, index_variable, store_place
from twinbuild.net.address import Address, is_web
from twinbuild.net.opener import local_path
from twinbuild.sources.toml_lines import locate

__all__ = ["VARIABLES", "settings_from"]

Addresses = tuple[tuple[str, tuple[str, ...]], ...]

VARIABLES: Final = (
    "TWINBUILD_STORE",
    "TWINBUILD_INDEX_URL",
    "TWINBUILD_DEBIAN_MIRROR",
    "TWINBUILD_DEBIAN_SECURITY",
    "TWINBUILD_DEBIAN_SNAPSHOT",
    "TWINBUILD_REGISTRY_MIRRORS",
    "TWINBUILD_PLAIN_HTTP",
    "TWINBUILD_OFFLINE",
    "TWINBUILD_CONNECTIONS",
    "TWINBUILD_TIMEOUT",
    "TWINBUILD_RETRIES",
)
_KEYS: Final = (
    "store", "offline", "connections", "timeout", "retries", "certificates", "netrc", "no_proxy", "plain_http",
    "indexes", "archives", "snapshots", "proxies", "mirrors",
)  # fmt: skip
_TABLES: Final = ("indexes", "archives", "snapshots", "proxies", "mirrors")
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
_REGISTRY: Final = re.compile(HOST, re.ASCII)
_MIRROR: Final = re.compile(rf"(https?://)?{HOST}(/{PATH})?/?", re.ASCII)
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?", re.ASCII)
_INDEX: Final = "TWINBUILD_INDEX_"
_LARGEST: Final = 1 << 20
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


class _Reading:
    """Values of the environment and of the document, with everything that is wrong about them."""

    def __init__(self, environment: Mapping[str, str], toml: bytes | None, name: str) -> None:
        self.findings: list[Finding] = []
        self._environment = environment
        self._name = name
        self._text = ""
        self._document = self._parse(toml) if toml is not None else {}
        self._check_keys()
        for variable in sorted(environment):
            close = difflib.get_close_matches(variable, VARIABLES, 1, 0.9)
            if variable.startswith("TWINBUILD_") and variable not in VARIABLES and close:
                self._add("TB8033", f"unknown variable {variable}", f"write {close[0]}", Location(subject=variable))

    def _parse(self, toml: bytes) -> dict[str, object]:
        if len(toml) > _LARGEST:
            self._add("TB8030", f"larger than {_LARGEST} bytes", "shorten the text", Location(file=self._name))
            return {}
        try:
            self._text = toml.decode("utf-8")
            return tomllib.loads(self._text)
        except (ValueError, RecursionError) as error:
            place = re.search(r"at line (\d+), column (\d+)", str(error))
            line, column = (int(place[1]), int(place[2])) if place else (0, 0)
            reason = "nested too deeply" if isinstance(error, RecursionError) else str(error).partition(" (at ")[0]
            where = Location(file=self._name, line=line, column=column)
            self._add("TB8030", f"not a TOML document: {reason}", "correct the text", where)
            return {}

    def _check_keys(self) -> None:
        for key, value in self._document.items():
            if key not in _KEYS:
                close = difflib.get_close_matches(key, _KEYS, 1)
                remedy = f"did you mean {close[0]!r}?" if close else f"use one of {', '.join(_KEYS)}"
                self._add("TB8031", f"unknown key {key!r}", remedy, self._at("", key))
            elif key in _TABLES and not isinstance(value, dict):
                self._wrong(key, "a table", "", key)

    def _add(self, code: str, message: str, hint: str, where: Location) -> None:
        self.findings.append(Finding(code=code, message=message, hint=hint, where=where))

    def _at(self, table: str, key: str) -> Location:
        return locate(self._text, self._name, table, key)

    def _wrong(self, key: str, expected: str, table: str, name: str) -> None:
        self._add(
            "TB8032", f"{key!r} has a wrong value, expected {expected}", f"write {expected}", self._at(table, name)
        )

    def _variable(self, name: str, expected: str) -> None:
        hint = f"set it to {expected}, or unset it"
        self._add("TB8033", f"{name} has a wrong value, expected {expected}", hint, Location(subject=name))

    def path(self, variable: str, key: str) -> str:
        """An absolute path, or ""."""
        value: object = self._environment.get(variable, "")
        if value:
            if not _is_path(value):
                self._variable(variable, "an absolute path")
            return str(value)
        value = self._document.get(key, "")
        if value != "" and not _is_path(value):
            self._wrong(key, "an absolute path", "", key)
        return str(value)

    def certificates(self) -> str:
        """The certificate bundle that the environment names first, else that of the document."""
        for variable in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE"):
            if self._environment.get(variable):
                return self._environment[variable]
        return self.path("", "certificates")

    def offline(self) -> bool:
        """Whether the network may not be used."""
        if "TWINBUILD_OFFLINE" in self._environment:
            value = _TRUE.get(self._environment["TWINBUILD_OFFLINE"].strip().lower())
            if value is None:
                self._variable("TWINBUILD_OFFLINE", "1 or 0")
            return bool(value)
        stated = self._document.get("offline", False)
        if not isinstance(stated, bool):
            self._wrong("offline", "true or false", "", "offline")
        return bool(stated)

    def number(self, key: str, default: float) -> float:
        """A number within its range."""
        low, high = _NUMBERS[key]
        expected = f"a number from {low:g} to {high:g}"
        variable = f"TWINBUILD_{key.upper()}"
        text = self._environment.get(variable, "")
        whole = isinstance(low, int)
        if text:
            if not re.fullmatch(r"[0-9]{1,6}" if whole else r"[0-9]{1,6}(\.[0-9]{1,6})?", text, re.ASCII):
                self._variable(variable, expected)
                return default
            if not low <= float(text) <= high:
                self._variable(variable, expected)
            return float(text)
        value = self._document.get(key, default)
        kinds = (int,) if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            self._wrong(key, expected, "", key)
            return default
        return value

    def indexes(self, default: str) -> tuple[tuple[str, str], ...]:
        """Addresses of indexes by name."""
        found = {"default": default} if default else {}
        for name, value in self._table("indexes"):
            if self._named(name, "indexes") and self._address(value, "indexes", name):
                found[name] = str(value)
        for variable, value in sorted(self._environment.items()):
            if not variable.startswith(_INDEX) or not (stated := value.strip()):
                continue
            if not _is_address(stated):
                self._variable(variable, "the address of a simple API, or file:///directory")
            name = "default" if variable == "TWINBUILD_INDEX_URL" else self._index(variable)
            # Names that differ in punctuation alone have one variable.
            found |= dict.fromkeys([known for known in found if index_variable(known) == variable] or [name], stated)
        return tuple(sorted(found.items()))

    def _index(self, variable: str) -> str:
        """The name that a variable stands for."""
        name = variable.removeprefix(_INDEX).lower().replace("_", "-")
        if name == "default" or index_variable(name) != variable or not _NAME.fullmatch(name):
            right = index_variable(name.strip("-") or "default")
            self._add("TB8033", f"unknown variable {variable}", f"write {right}", Location(subject=variable))
        return name

    def several(self, table: str) -> Addresses:
        """Addresses by name, each a text or a list of texts."""
        found = {}
        for name, value in self._table(table):
            listed = value if isinstance(value, list) and value else [value]
            addresses = tuple(str(address) for address in listed if self._address(address, table, name))
            if table == "snapshots" and any("{timestamp}" not in address for address in addresses):
                self._wrong(f"{table}.{name}", "addresses with {timestamp} in them", table, name)
            if self._named(name, table) and addresses:
                found[name] = addresses
        return tuple(sorted(found.items()))

    def proxies(self, default: str) -> tuple[tuple[str, str], ...]:
        """Proxies by scheme of the address that is asked for."""
        found = {"all": default} if default else {}
        for scheme, value in self._table("proxies"):
            if scheme not in ("http", "https", "all"):
                self._add("TB8031", f"unknown key {scheme!r}", "use http, https or all", self._at("proxies", scheme))
            elif not isinstance(value, str) or not _is_proxy(value):
                self._wrong(f"proxies.{scheme}", "the address of an http proxy", "proxies", scheme)
            else:
                found[scheme] = _proxy(value)
        in_cgi = bool(self._environment.get("REQUEST_METHOD"))  # a client's header Proxy: would set HTTP_PROXY
        for scheme in ("http", "https", "all"):
            names = (
                [f"{scheme}_proxy"] if scheme == "http" and in_cgi else [f"{scheme}_proxy", f"{scheme.upper()}_PROXY"]
            )
            variable = next((name for name in names if name in self._environment), "")
            value = self._environment.get(variable, "").strip()
            if value and not _is_proxy(value):
                self._variable(variable, "the address of an http proxy")
            elif variable:
                found[scheme] = _proxy(value) if value else ""
        return tuple(sorted((scheme, address) for scheme, address in found.items() if address))

    def no_proxy(self) -> tuple[str, ...]:
        """Hosts that are reached directly."""
        for variable in ("no_proxy", "NO_PROXY"):
            if variable in self._environment:
                return tuple(part for part in re.split(r"[\s,]+", self._environment[variable]) if part)
        value = self._document.get("no_proxy", [])
        if not isinstance(value, list) or not all(isinstance(part, str) and part for part in value):
            self._wrong("no_proxy", "a list of host names", "", "no_proxy")
            return ()
        return tuple(value)

    def mirrors(self) -> Addresses:
        """Mirrors by registry, in the order in which they are asked."""
        found: dict[str, tuple[str, ...]] = {}
        for registry, value in self._table("mirrors"):
            listed = value if isinstance(value, list) and value else [value]
            if not _REGISTRY.fullmatch(registry) or not all(_is_mirror(each) for each in listed):
                self._wrong(f"mirrors.{registry[:80]}", _MIRRORS, "mirrors", registry)
            else:
                found[registry] = tuple(str(each) for each in listed)
        stated: dict[str, tuple[str, ...]] = {}
        for pair in self._environment.get("TWINBUILD_REGISTRY_MIRRORS", "").split():
            registry, _, mirror = pair.partition("=")
            if not _REGISTRY.fullmatch(registry) or not _is_mirror(mirror):
                self._variable("TWINBUILD_REGISTRY_MIRRORS", f"REGISTRY=MIRROR, where MIRROR is {_MIRRORS}")
                break
            stated[registry] = (*stated.get(registry, ()), mirror)
        return tuple(sorted((found | stated).items()))

    def plain_http(self) -> tuple[str, ...]:
        """Registries that are reached without TLS."""
        expected = "hosts of registries, such as registry.lan:5000"
        if "TWINBUILD_PLAIN_HTTP" in self._environment:
            hosts = self._environment["TWINBUILD_PLAIN_HTTP"].replace(",", " ").split()
            if not all(_REGISTRY.fullmatch(host) for host in hosts):
                self._variable("TWINBUILD_PLAIN_HTTP", expected)
            return tuple(hosts)
        value = self._document.get("plain_http", [])
        listed = value if isinstance(value, list) else [value]
        if value != listed or not all(isinstance(host, str) and _REGISTRY.fullmatch(host) for host in listed):
            self._wrong("plain_http", f"a list of {expected}", "", "plain_http")
            return ()
        return tuple(listed)

    def _table(self, name: str) -> list[tuple[str, object]]:
        table = self._document.get(name, {})
        return sorted(table.items()) if isinstance(table, dict) else []

    def _named(self, name: str, table: str) -> bool:
        if _NAME.fullmatch(name):
            return True
        self._wrong(f"{table}.{name[:80]}", "a name of lower-case letters, digits, '.', '_' and '-'", table, name)
        return False

    def _address(self, value: object, table: str, name: str) -> bool:
        if isinstance(value, str) and _is_address(value.replace("{timestamp}", "0")):
            return True
        self._wrong(f"{table}.{name[:80]}", "an address that begins with https://, http:// or file:///", table, name)
        return False


def _is_mirror(value: object) -> bool:
    return isinstance(value, str) and _MIRROR.fullmatch(value) is not None


def _is_path(value: object) -> bool:
    return isinstance(value, str) and value.startswith("/") and value.isprintable()


def _is_address(text: str) -> bool:
    try:
        if not is_web(text):
            return bool(local_path(text))
        return "?" not in text and "#" not in text and bool(Address.parse(text))
    except FetchError:
        return False


def _proxy(text: str) -> str:
    return text if "://" in text else f"http://{text}"


def _is_proxy(text: str) -> bool:
    proxy = _proxy(text)
    return is_web(proxy) and _is_address(proxy)
