"""What a variable of the environment says of encryption: by its name, by an address in it, or by a host alone.

A host is no address: whether the connection to it is encrypted says something else, which nobody sees from here. Of
libpq's variables it is known: PGSSLMODE says it of PGHOST, and without it TLS is taken up or not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from twinbuild.govern.judging.addresses import STRICT, Reach, is_local, reach_of, schemed, stated_in

__all__ = ["host_reach", "variable_reach"]

_VARIABLES: Final = {
    "PGSSLMODE": STRICT,
    "KAFKA_SECURITY_PROTOCOL": frozenset({"ssl", "sasl_ssl"}),
    "SECURITY_PROTOCOL": frozenset({"ssl", "sasl_ssl"}),
    "OTEL_EXPORTER_OTLP_INSECURE": frozenset({"false"}),
}
"""Variables that say by themselves whether a connection is encrypted, and with which values it is."""
_COUNTED: Final = frozenset(
    {
        *("OMP_PLACES", "MALLOC_CONF", "_RJEM_MALLOC_CONF"),
        *("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_HIP_ALLOC_CONF"),
    }
)
"""Variables in which a word and a number (``threads:16``) are no host and port."""
_HOST: Final = re.compile(
    r"(?:PG|DB|.*_)(?:HOSTS?|HOSTNAMES?|HOSTADDR|ADDR(?:ESS(?:ES)?)?|ENDPOINTS?|BROKERS?|SERVERS?|NODES|CONTACT_POINTS"
    r"|UPSTREAMS?)"
)
_INSIDE: Final = re.compile(r"[a-z0-9_-][a-z0-9._-]*\.(?:svc|cluster\.local|internal|intranet|lan|corp|home\.arpa)\.?")
"""Hosts that nobody takes for anything else: names of services in a cluster, and of private networks."""
_OWN: Final = re.compile(r"VIRTUAL_HOST|.*(?:ALLOW|TRUST).*")
"""Names of the service itself, and of those who may ask it."""
_NAMED: Final = re.compile(
    r"(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9._-]+|[0-9]+(?:\.[0-9]+){3}|\[?[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*\]?"
)
_LONGEST: Final = 255  # characters of a host (RFC 1035, 2.3.4)
_NO_HOST: Final = frozenset({"true", "false", "yes", "no", "on", "off", "none", "null"})
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def variable_reach(name: str, value: str, beside: Mapping[str, str] = _NOTHING) -> Reach | None:
    """What a variable says of encryption; None where it says nothing. ``beside`` are all variables of its program."""
    strict = _VARIABLES.get(name)
    if strict is not None:
        fine = value.strip().lower() in strict
        return Reach(kind="encrypted" if fine else "plain", why="" if fine else _expected(strict))
    if name in _COUNTED and not schemed(value):
        return None
    if stated_in(value):
        return reach_of(value)
    return host_reach(name, value, beside)


def host_reach(name: str, value: str, beside: Mapping[str, str] = _NOTHING) -> Reach | None:
    """What a host alone says of encryption; None for what is none.

    It is one by its own name, by what the variable or option is called (``CACHE_HOST``, ``--cache-host``), or because
    another one beside it says its port. A word under a name that says nothing (``CACHE=redis``) may be anything.
    """
    name = _upper(name)
    ports = {_upper(each) for each in beside}
    named = _HOST.fullmatch(name) or f"{name}_PORT" in ports
    hosts = [each.strip() for each in value.split(",") if each.strip()]
    known = all(len(each) <= _LONGEST and _NAMED.fullmatch(each) and each.lower() not in _NO_HOST for each in hosts)
    if not hosts or not known or _OWN.fullmatch(name):
        return None
    if not named and not all(_INSIDE.fullmatch(each.lower()) for each in hosts):
        return None
    if all(is_local(each.strip("[]").lower()) for each in hosts):
        return Reach(kind="local")
    if name not in ("PGHOST", "PGHOSTADDR"):
        return Reach(kind="unclear", why="a host alone does not say how it is reached")
    if "PGSSLMODE" in beside:  # which is judged itself
        return Reach(kind="encrypted")
    return Reach(kind="plain", why=f"no PGSSLMODE, {_expected(STRICT)}")


def _upper(name: str) -> str:
    return name.upper().lstrip("-").replace("-", "_").replace(".", "_")


def _expected(values: frozenset[str]) -> str:
    return f"expected one of {', '.join(sorted(values))}"
