"""What the environment and ``twinbuild.toml`` state, with everything that is wrong about it, and where.

A statement that is wrong is noted, not raised: all findings come at once.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from typing import Final

from twinbuild.errors import FetchError, Finding, Location
from twinbuild.model.reference import HOST, PATH
from twinbuild.net.address import Address, is_web
from twinbuild.net.opener import local_path
from twinbuild.sources.toml_lines import locate

__all__ = [
    "NAME", "REGISTRY", "VARIABLES", "Statements", "is_address", "is_mirror", "is_path", "is_proxy", "proxy_address",
]  # fmt: skip

VARIABLES: Final = (  # that twinbuild reads, beside TWINBUILD_INDEX_NAME
    "TWINBUILD_STORE",
    "TWINBUILD_INDEX_URL",
    "TWINBUILD_DEBIAN_MIRROR",
    "TWINBUILD_DEBIAN_SECURITY",
    "TWINBUILD_DEBIAN_SNAPSHOT",
    "TWINBUILD_UBUNTU_MIRROR",
    "TWINBUILD_REGISTRY_MIRRORS",
    "TWINBUILD_PLAIN_HTTP",
    "TWINBUILD_OFFLINE",
    "TWINBUILD_CONNECTIONS",
    "TWINBUILD_TIMEOUT",
    "TWINBUILD_RETRIES",
    "TWINBUILD_CATALOGUES",
    "TWINBUILD_KEY_PASSPHRASE",
    "TWINBUILD_SIGNING_KEY",
    "TWINBUILD_ARCHIVE",
    "TWINBUILD_AUDIT_LOG",
    "TWINBUILD_AUDIT_KEY",
)
_KEYS: Final = (
    "store", "offline", "connections", "timeout", "retries", "certificates", "netrc", "no_proxy", "plain_http",
    "indexes", "archives", "snapshots", "proxies", "mirrors",
)  # fmt: skip
_TABLES: Final = ("indexes", "archives", "snapshots", "proxies", "mirrors")
REGISTRY: Final = re.compile(HOST, re.ASCII)
_MIRROR: Final = re.compile(rf"(https?://)?{HOST}(/{PATH})?/?", re.ASCII)
NAME: Final = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?", re.ASCII)
_LARGEST: Final = 1 << 20


class Statements:
    """Values of the environment and of the document, and the findings about them."""

    def __init__(self, environment: Mapping[str, str], toml: bytes | None, name: str) -> None:
        self.findings: list[Finding] = []
        self.environment = environment
        self._name = name
        self._text = ""
        self.document = self._parse(toml) if toml is not None else {}
        self._check_keys()
        for variable in sorted(environment):
            close = difflib.get_close_matches(variable, VARIABLES, 1, 0.9)
            if variable.startswith("TWINBUILD_") and variable not in VARIABLES and close:
                self.add("TB8033", f"unknown variable {variable}", f"write {close[0]}", Location(subject=variable))

    def _parse(self, toml: bytes) -> dict[str, object]:
        if len(toml) > _LARGEST:
            self.add("TB8030", f"larger than {_LARGEST} bytes", "shorten the text", Location(file=self._name))
            return {}
        try:
            self._text = toml.decode("utf-8")
            return tomllib.loads(self._text)
        except (ValueError, RecursionError) as error:
            place = re.search(r"at line (\d+), column (\d+)", str(error))
            line, column = (int(place[1]), int(place[2])) if place else (0, 0)
            reason = "nested too deeply" if isinstance(error, RecursionError) else str(error).partition(" (at ")[0]
            where = Location(file=self._name, line=line, column=column)
            self.add("TB8030", f"not a TOML document: {reason}", "correct the text", where)
            return {}

    def _check_keys(self) -> None:
        for key, value in self.document.items():
            if key not in _KEYS:
                close = difflib.get_close_matches(key, _KEYS, 1)
                remedy = f"did you mean {close[0]!r}?" if close else f"use one of {', '.join(_KEYS)}"
                self.add("TB8031", f"unknown key {key!r}", remedy, self.at("", key))
            elif key in _TABLES and not isinstance(value, dict):
                self.wrong(key, "a table", "", key)

    def add(self, code: str, message: str, hint: str, where: Location) -> None:
        """Note a finding."""
        self.findings.append(Finding(code=code, message=message, hint=hint, where=where))

    def at(self, table: str, key: str) -> Location:
        """Where a key of the document stands; ``table`` is "" for the top."""
        return locate(self._text, self._name, table, key)

    def wrong(self, key: str, expected: str, table: str, name: str) -> None:
        """TB8032: ``key`` is how the message names the key ``name`` of ``table``."""
        self.add("TB8032", f"{key!r} has a wrong value, expected {expected}", f"write {expected}", self.at(table, name))

    def variable(self, name: str, expected: str) -> None:
        """TB8033."""
        hint = f"set it to {expected}, or unset it"
        self.add("TB8033", f"{name} has a wrong value, expected {expected}", hint, Location(subject=name))

    def table(self, name: str) -> list[tuple[str, object]]:
        """What a table of the document has, sorted; nothing for one that is none, which was noted."""
        table = self.document.get(name, {})
        return sorted(table.items()) if isinstance(table, dict) else []

    def named(self, name: str, table: str) -> bool:
        """Whether a key of a table is a name; else TB8032 is noted."""
        if NAME.fullmatch(name):
            return True
        self.wrong(f"{table}.{name[:80]}", "a name of lower-case letters, digits, '.', '_' and '-'", table, name)
        return False

    def address(self, value: object, table: str, name: str) -> bool:
        """Whether a value of a table is an address; else TB8032 is noted."""
        if isinstance(value, str) and is_address(value.replace("{timestamp}", "0")):
            return True
        self.wrong(f"{table}.{name[:80]}", "an address that begins with https://, http:// or file:///", table, name)
        return False


def is_mirror(value: object) -> bool:
    """A registry, with a prefix and a scheme where it needs them."""
    return isinstance(value, str) and _MIRROR.fullmatch(value) is not None


def is_path(value: object) -> bool:
    """Absolute, and printable."""
    return isinstance(value, str) and value.startswith("/") and value.isprintable()


def is_address(text: str) -> bool:
    """Of an index or archive: http(s) without query, or a directory of this machine."""
    try:
        if not is_web(text):
            return bool(local_path(text))
        return "?" not in text and "#" not in text and bool(Address.parse(text))
    except FetchError:
        return False


def proxy_address(text: str) -> str:
    """A proxy's address, which may be written without its scheme."""
    return text if "://" in text else f"http://{text}"


def is_proxy(text: str) -> bool:
    """The address of an http proxy."""
    proxy = proxy_address(text)
    return is_web(proxy) and is_address(proxy)
