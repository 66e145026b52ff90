"""Connection strings of databases: words and values, as libpq has them (``host=db dbname=x``), or with semicolons.

libpq (PostgreSQL 17, 32.1.1.1) parts them by blanks, and goes without TLS where nothing is said and the server has
none. What drivers of .NET and ODBC do where nothing is said depends on the driver and its version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Keywords", "keywords_of"]

_PAIR: Final = re.compile(
    r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)", re.ASCII
)
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9 _-]{0,60}", re.ASCII)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_PORT: Final = re.compile(r"(:\d+)?$", re.ASCII)
_PORT_ALONE: Final = re.compile(r"\d{1,5}", re.ASCII)
_PROTOCOL: Final = re.compile(r"(?:tcp|np):", re.ASCII | re.IGNORECASE)
_LONGEST: Final = 10_000  # characters that are looked at
_HOSTS: Final = (
    *("host", "hostaddr", "server", "datasource", "addr", "address", "networkaddress"),
    *("servername", "hostname", "failoverpartner"),
)
_BESIDE: Final = frozenset(
    {
        *("dbname", "database", "initialcatalog", "user", "username", "userid", "uid", "password", "pwd", "port"),
        *("sslmode", "encrypt", "trustservercertificate", "integratedsecurity", "trustedconnection", "driver"),
        *("passfile", "sslrootcert", "sslcert", "sslkey", "connecttimeout", "applicationname", "options"),
        *("service", "targetsessionattrs", "clientencoding"),
    }
)
_ASKED: Final = {
    "sslmode": frozenset({"require", "required", "verifyca", "verifyfull", "verifyidentity"}),
    "encrypt": frozenset({"true", "yes", "strict", "mandatory"}),
}
"""What asks for TLS, and the values that take nothing else, in lower case and without hyphens."""
_TRUSTING: Final = frozenset({"true", "yes", "1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Keywords:
    """``host`` is the word and value that name it, ``hosts`` what they name; ``tls``: whether nothing but TLS is taken.

    ``tls`` is None where nothing is said; ``said`` is what is said of it, "" for nothing.
    """

    host: str
    hosts: tuple[str, ...]
    tls: bool | None
    said: str


def keywords_of(text: str) -> Keywords | None:
    """What a connection string says; None for a text that is none."""
    if "=" not in text or "://" in text or len(text) > _LONGEST:
        return None
    pairs = _parted(text) if ";" in text else _libpq(text)
    named = [(word, value) for word, value in pairs if _folded(word) in _HOSTS]
    words = {_folded(word) for word, _ in pairs}
    if not named or not (words & _BESIDE or words <= {"host", "hostaddr"}):
        return None
    hosts = tuple(host for _, value in named for host in _hosts(value))
    if ";" not in text:  # a service of libpq may name further hosts, in a file that nobody sees from here
        hosts += tuple(f"service {value}" for word, value in pairs if _folded(word) == "service")
    tls, said = _tls(pairs)
    if tls is None and ";" not in text:
        tls, said = False, "no sslmode, expected one of require, verify-ca, verify-full"
    host = " ".join(f"{word}={value}" for word, value in named)
    return Keywords(host=host, hosts=hosts, tls=tls, said=said)


def _libpq(text: str) -> list[tuple[str, str]]:
    """Words and values; [] for anything else beside them."""
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        pair = _PAIR.match(text, at)
        if pair is None:
            return []
        found.append((pair[1], _ESCAPE.sub(r"\1", pair[2] if pair[2] is not None else pair[3])))
        at = pair.end()
    return found


def _parted(text: str) -> list[tuple[str, str]]:
    found = []
    for part in text.split(";"):
        word, between, value = part.strip().partition("=")
        if not part.strip():
            continue
        if not between or not _WORD.fullmatch(word.strip()):
            return []
        found.append((word.strip(), value.strip().strip("'\"{}")))
    return found


def _tls(pairs: list[tuple[str, str]]) -> tuple[bool | None, str]:
    """Of a word that is said twice the worst counts: which one is taken depends on the program."""
    stated = [(word, value) for word, value in pairs if _folded(word) in _ASKED]
    for word, value in stated:
        if _folded(value) not in _ASKED[_folded(word)]:
            return False, f"{word}={value[:40]}"
    for word, value in pairs:
        if _folded(word) == "trustservercertificate" and _folded(value) in _TRUSTING:
            return False, f"{word}: any certificate is taken"
    return (True, "") if stated else (None, "")


def _hosts(value: str) -> tuple[str, ...]:
    r"""``tcp:db\instance,1433`` is the host db, ``\\db\pipe\sql`` as well; of a list each.

    What stands first is a host even if it is a number, which resolvers take for an IPv4 address.
    """
    first, *more = (each.strip() for each in value.split(","))
    found = (first, *(each for each in more if not _PORT_ALONE.fullmatch(each)))
    return tuple(_PORT.sub("", _PROTOCOL.sub("", each, 1).lstrip("\\").partition("\\")[0]) for each in found)


def _folded(text: str) -> str:
    return re.sub(r"[ _-]", "", text).lower()
