"""Whether an address is reached by an encrypted connection, as far as its form says: its scheme and its options.

What a form leaves open (STARTTLS that may be taken up or not, a scheme nobody has heard of, a host and a port without
one) is not said to be encrypted. A connection within one machine or pod is on no network, and needs none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from twinbuild.govern.judging.keywords import Keywords, keywords_of

__all__ = ["STRICT", "Reach", "addresses_in", "is_local", "reach_of", "schemed", "stated_in"]

_SCHEME: Final = re.compile(r"(?:jdbc:)?[A-Za-z][A-Za-z0-9+._-]*://\S+|jdbc:[A-Za-z]\S+", re.ASCII)
_BLANKS: Final = re.compile(r"\s+", re.ASCII)
_COMMAS: Final = re.compile(r" ?([,;|]) ?")
_LISTED: Final = re.compile(r"(?<![\s,;|])[\s,;|]++(?=jdbc:|[A-Za-z][A-Za-z0-9+._-]*://)", re.ASCII | re.IGNORECASE)
_BARE: Final = re.compile(
    r"(?:[^\s/?#@]*@)?(?P<host>(?=[0-9._-]*[A-Za-z])[A-Za-z0-9._-]+|[0-9]+(?:\.[0-9]+){3}|\[[0-9A-Fa-f:.]+\])"
    r":[0-9]{2,5}(?:[/?#]\S*)?",
    re.ASCII,
)
"""A host and a port, and no scheme; of one digit it would be the tag of an image."""
_INSIDE: Final = re.compile(r"(?:jdbc:)?[A-Za-z][A-Za-z0-9+._-]{0,40}://[^\s\"'<>|,;)\]}]+", re.ASCII)
_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104  where a program listens; who connects to it reaches itself
_SEPARATED: Final = re.compile(r"[\s,;|]+")
_AUTHORITY: Final = re.compile(r"[^/?#]*")
_HOST: Final = re.compile(r"[a-z0-9._-]+", re.ASCII)
_ORDER: Final = ("plain", "unclear", "encrypted", "local")
# fmt: off
_PLAIN: Final = frozenset(
    {
        *("http", "ws", "ftp", "tftp", "telnet", "git", "rsync", "svn", "gopher", "nntp", "imap", "pop3"),
        *("sip", "redis", "valkey", "memcache", "memcached", "amqp", "mqtt", "stomp", "nats", "kafka"),
        *("plaintext", "sasl_plaintext", "grpc", "grpc+http", "h2c", "tcp", "udp", "syslog", "statsd"),
        *("graphite", "zookeeper", "zk", "ldap", "smtp", "coap", "nfs", "smb", "cifs", "thrift", "dubbo"),
        *("hive2", "cassandra", "influxdb", "xmpp"),
    }
)
_TLS: Final = frozenset(
    {
        *("https", "wss", "ftps", "sftp", "scp", "ssh", "git+https", "git+ssh", "svn+ssh", "rsync+ssh"),
        *("imaps", "pop3s", "nntps", "sips", "rediss", "valkeys", "amqps", "mqtts", "stomps", "nats+tls"),
        *("ssl", "sasl_ssl", "tls", "grpcs", "grpc+https", "grpc+tls", "h2", "tcps", "ldaps", "smtps"),
        *("coaps", "quic", "h3"),
    }
)
# fmt: on
_LOCAL: Final = frozenset({"unix", "unix-abstract", "file", "inproc", "vsock", "fd", "memory", "sqlite"})
STRICT: Final = frozenset({"require", "verify-ca", "verify-full"})
"""Modes of libpq that take nothing but TLS."""
_MODES: Final = {
    "postgres": ("sslmode", STRICT),
    "mysql": ("ssl-mode", frozenset({"required", "verify_ca", "verify_identity"})),
    "mongodb": ("tls", frozenset({"true"})),
    "mongodb+srv": ("tls", frozenset({"true"})),
    "clickhouse": ("secure", frozenset({"true", "1"})),
    "sqlserver": ("encrypt", frozenset({"true", "strict"})),
}
"""Per kind of database: the option that asks for TLS, and its values that take nothing else."""
_KINDS: Final = {
    "postgresql": "postgres",
    "postgis": "postgres",
    "cockroachdb": "postgres",
    "redshift": "postgres",
    "mariadb": "mysql",
    "mssql": "sqlserver",
}
_SPELLED: Final = {
    "sslmode": ("sslmode", "ssl-mode", "ssl_mode"),
    "ssl-mode": ("ssl-mode", "ssl_mode", "sslmode"),
    "tls": ("tls", "ssl"),
    "secure": ("secure",),
    "encrypt": ("encrypt",),
}
_NO: Final = frozenset({"false", "0", "no", "off"})
_WEAK: Final = (
    *("insecure", "insecureskipverify", "tlsinsecure", "tlsallowinvalidcertificates", "tlsallowinvalidhostnames"),
    *("skip_verify", "tls_skip_verify", "trustservercertificate"),
)
"""Options by which any certificate is taken, unless they say no."""
_CHECKS: Final = {
    **dict.fromkeys(("verify_ssl", "ssl_verify", "verify_certs", "verifyservercertificate"), _NO | {"none"}),
    "verify": _NO | {"none", "verify_none"},  # that of RabbitMQ
    "ssl_cert_reqs": frozenset({"none", "cert_none"}),
    "sslaccept": frozenset({"accept_invalid_certs"}),
}
"""Options that ask for a good certificate, and the values with which they do not."""
_JDBC_HOSTS: Final = re.compile(r"jdbc:[a-z]+://([A-Za-z0-9.,:-]+)(?=[/;?]|$)", re.ASCII | re.IGNORECASE)
_ELSEWHERE: Final = re.compile(r"host|server|partner|service")
_HERE: Final = frozenset(
    {
        *("trustservercertificate", "verifyservercertificate", "hostnameincertificate", "servertimezone"),
        *("useserverprepstmts", "targetservertype", "sslhostnameverifier"),
    }
)
"""Options of Java's drivers that have such a word in their name, and name no host to go to."""
_JDBC_PORT: Final = re.compile(r":\d+(?=,|$)", re.ASCII)
_Options = dict[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """``kind``: encrypted, local (on no network), plain, or unclear; ``why`` in words, where the form is not enough."""

    kind: Literal["encrypted", "local", "plain", "unclear"]
    why: str = ""


def addresses_in(text: str) -> tuple[str, ...]:
    """The addresses with a scheme that a text consists of: one, or a list; () for a text that has anything else."""
    found = tuple(_LISTED.split(_COMMAS.sub(r"\1", _BLANKS.sub(" ", text.strip())).strip(",;|")))
    return found if all(_SCHEME.fullmatch(each) for each in found) else ()


def stated_in(text: str, *, anywhere: bool = False) -> tuple[str, ...]:
    """The addresses that a text consists of, with schemes or all without: then each is a host and a port.

    A connection string of a database (``keywords_of``) is one address.

    ``anywhere``: or else those with a scheme that stand in it, for a text that programs read and people do not.
    """
    found = addresses_in(text) or ((text.strip(),) if keywords_of(text) is not None else ())
    if not found:
        found = tuple(each for each in _SEPARATED.split(text) if each)
        found = found if all(_BARE.fullmatch(each) for each in found) else ()
    return found or (tuple(_INSIDE.findall(text)) if anywhere else ())


def schemed(text: str) -> bool:
    """Whether a text is an address with a scheme, or a list of them, and nothing else."""
    return bool(addresses_in(text))


def reach_of(address: str) -> Reach:
    """How an address is reached; of several in a list, the worst one is meant."""
    several = addresses_in(address)
    if len(several) > 1:
        return min((reach_of(each) for each in several), key=lambda each: _ORDER.index(each.kind))
    address = several[0] if several else address
    if (stated := keywords_of(address)) is not None:
        return _by_keywords(stated)
    if (bare := _BARE.fullmatch(address)) is not None:
        local = is_local(bare["host"].strip("[]").lower())
        return Reach(kind="local") if local else Reach(kind="unclear", why="no scheme says how it is reached")
    if address[:5].lower() == "jdbc:":
        return _jdbc(address)
    scheme, _, rest = address.partition("://")
    scheme = scheme.lower()
    authority = _AUTHORITY.match(rest)
    try:
        parts = urlsplit(f"x://{rest}")  # which knows no scheme with an underscore, as Kafka's have
        listed = [each.rpartition("@")[2] for each in parts.netloc.split(",")]  # each may have a login
        hosts = [urlsplit(f"x://{each}").hostname or "" for each in listed]
        options = _collected(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        return Reach(kind="unclear", why="cannot be read as an address")
    if authority is not None and "\\" in authority[0]:  # what browsers take for a slash is a login to others
        return Reach(kind="unclear", why="has a backslash, where programs see another host than others do")
    if _database(scheme) == "postgres":
        return _postgres(hosts, options)
    if scheme in _LOCAL or all(_loopback(host) for host in hosts):
        return Reach(kind="local")
    return _by_scheme(scheme, options)


def _postgres(hosts: list[str], options: _Options) -> Reach:
    """Options name other hosts than the address does, and libpq takes those, or a service does, in a file.

    Without any it asks a socket.
    """
    stated = (value for name in ("host", "hostaddr", "service") for value in options.get(name, ()))
    others = [each for value in stated for each in value.split(",")]
    if all(_socket_or_loopback(unquote(each)) for each in (*hosts, *others)):
        return Reach(kind="local")
    found = _by_mode("postgres", options)
    if found.kind == "plain" and others:
        return Reach(kind="plain", why=f"to {', '.join(others)[:80]}; {found.why}")
    return found


def _by_keywords(stated: Keywords) -> Reach:
    if all(_socket_or_loopback(host.lower()) for host in stated.hosts):
        return Reach(kind="local")
    if stated.tls is None:
        return Reach(kind="unclear", why="nothing in it says whether it is encrypted")
    return Reach(kind="encrypted") if stated.tls else Reach(kind="plain", why=stated.said)


def _socket_or_loopback(host: str) -> bool:
    return not host or host[0] in "/@" or host in (".", "(local)") or _loopback(host)


def _collected(pairs: Iterable[tuple[str, str]]) -> _Options:
    """All values of each option, in lower case: which one of several is taken depends on the program."""
    found: _Options = {}
    for name, value in pairs:
        found.setdefault(name.lower(), []).append(value.lower())
    return found


def _by_scheme(scheme: str, options: _Options) -> Reach:
    database = _database(scheme)
    if database in _MODES:
        return _by_mode(database, options)
    if scheme in _TLS:
        return _unweakened(options)
    if scheme in _PLAIN:
        return Reach(kind="plain")
    return Reach(kind="unclear", why=f"nothing says whether {scheme[:40]!r} is encrypted")


def _database(scheme: str) -> str:
    database = scheme.partition("+")[0] if scheme != "mongodb+srv" else scheme
    return _KINDS.get(database, database)


def _jdbc(address: str) -> Reach:
    """Options of Java's drivers stand behind ``?``, ``;`` or ``&``."""
    kind = address[5:].partition(":")[0].lower()
    stated = (each.partition("=") for each in re.split(r"[?;&]", address)[1:])
    options = _collected((name.strip(), value.strip()) for name, between, value in stated if between)
    kind = _KINDS.get(kind, kind)
    if kind not in _MODES:
        return Reach(kind="unclear", why=f"nothing says whether the driver {kind[:40]!r} encrypts")
    authority = _JDBC_HOSTS.match(address)
    elsewhere = any(_ELSEWHERE.search(name) for name in options.keys() - _HERE)  # where a driver may be sent instead
    if authority is not None and not elsewhere and all(map(_loopback, _JDBC_PORT.sub("", authority[1]).split(","))):
        return Reach(kind="local")
    return _by_mode(kind, options)


def _by_mode(kind: str, options: _Options) -> Reach:
    name, strict = _MODES[kind]
    stated = [value for each in _SPELLED[name] for value in options.get(each, ())]
    if not stated and kind == "mongodb+srv":
        return _unweakened(options)  # that form asks for TLS where nothing else is said
    loose = next((value for value in stated if value not in strict), None)
    if stated and loose is None:
        return _unweakened(options)
    said = f"{name}={loose[:40]}" if loose is not None else f"no {name}"
    return Reach(kind="plain", why=f"{said}, expected one of {', '.join(sorted(strict))}")


def _unweakened(options: _Options) -> Reach:
    """TLS that takes any certificate is open to whoever stands in between; what an option says is what is done."""
    weak = [name for name in _WEAK if set(options.get(name, ())) - _NO]
    weak += [name for name, values in _CHECKS.items() if values & set(options.get(name, ()))]
    if weak:
        return Reach(kind="plain", why=f"{weak[0]}: any certificate is taken")
    return Reach(kind="encrypted")


def is_local(host: str) -> bool:
    """Whether a host (in lower case) is this machine, or what a program listens at on it."""
    return host in _EVERYWHERE or _loopback(host)


def _loopback(host: str) -> bool:
    if _HOST.fullmatch(host) and (host == "localhost" or host.endswith(".localhost")):  # RFC 6761, 6.3
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
