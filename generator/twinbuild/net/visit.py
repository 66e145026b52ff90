"""A request followed through its redirects, each of which is looked at before it is taken.

Rules: at most ten; never from https to http, never to another scheme; never from a host that is far away to this
machine or its link (known by the address's spelling and again by the peer that answers); a Location that decodes to
a control character is refused; credentials go to the origin they were given for and to no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

from twinbuild.errors import FetchError
from twinbuild.model.settings import Settings
from twinbuild.net.address import Address, redact
from twinbuild.net.credentials import Credentials
from twinbuild.net.failure import Broken
from twinbuild.net.neighbourhood import is_loopback, is_near
from twinbuild.net.retry import retry_after

if TYPE_CHECKING:
    from twinbuild.net.transport import Exchange, Transport

__all__ = ["Visitor", "check_clear", "in_chain", "next_address", "refusal"]

_REDIRECTS = 10
_MOVED = frozenset({301, 302, 303, 307, 308})
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})


class Visitor:
    """Sends a GET and follows redirects until an answer that is one."""

    def __init__(self, settings: Settings, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport
        self._credentials = Credentials(settings)

    def visit(
        self, start: Address, headers: Mapping[str, str], *, allow_http: bool, accept: frozenset[int]
    ) -> tuple[Exchange, Address]:
        """An answer with a status in ``accept``, and the address it came from. The caller closes it.

        Raises Broken for anything else; UsageError TB3013, TB3014.
        """
        check_clear(start, allow_http=allow_http)
        authorization = self._credentials.header(start)
        chain = [start]
        while True:
            here = chain[-1]
            own = {"authorization": authorization} if authorization and here.origin == start.origin else {}
            stranger = len(chain) > 1 and not is_near(start.name)
            try:
                exchange = self._transport.request(here, {**headers, **own}, stranger=stranger)
            except Broken as broken:
                raise in_chain(broken, chain) from None
            if exchange.status in accept:
                return exchange, here
            with exchange:
                chain.append(next_address(exchange, chain, allow_http=allow_http))


def next_address(exchange: Exchange, chain: list[Address], *, allow_http: bool) -> Address:
    """Where a redirect leads. Raises Broken for one that is not taken, and for what is no redirect."""
    if exchange.status not in _MOVED:
        raise in_chain(refusal(exchange), chain)
    here = chain[-1]
    location = exchange.header("location")
    decoded = unquote(location)
    if not location or any(ord(character) < 32 or ord(character) == 127 for character in decoded):
        raise _redirect("has no Location, or one with a control character", chain)
    if len(chain) > _REDIRECTS:
        raise _redirect(f"is the {len(chain)}th; at most {_REDIRECTS} are followed", chain)
    try:
        there = Address.parse(here.follow(location))
    except FetchError as refused:
        raise _redirect(f"leads to {redact(location)}: {refused.findings[0].message}", chain) from None
    except ValueError:
        raise _redirect("has a Location that is no address", chain) from None
    if there in chain:
        raise _redirect(f"leads back to {redact(str(there))}", chain)
    if here.scheme == "https" and there.scheme != "https":
        raise _redirect(f"leads from https to {redact(str(there))}", chain)
    if not is_near(chain[0].name) and is_near(there.name):
        raise _redirect(f"leads to {redact(str(there))}, which is this machine or its link", chain)
    try:
        check_clear(there, allow_http=allow_http)
    except Broken:
        raise _redirect(f"leads to {redact(str(there))}, which is not https", chain) from None
    return there


def check_clear(address: Address, *, allow_http: bool) -> None:
    """Raise Broken TB3011 for plain http to another machine, unless it is allowed."""
    if address.scheme == "http" and not allow_http and not is_loopback(address.name):
        raise Broken("TB3011", "plain http proves neither the server nor the bytes; expected https", transient=False)


def _redirect(reason: str, chain: list[Address]) -> Broken:
    return in_chain(Broken("TB3012", f"redirect {reason}", transient=False), chain)


def in_chain(broken: Broken, chain: list[Address]) -> Broken:
    """The failure with the way that led to it, where there were redirects."""
    if len(chain) < 2:
        return broken
    way = " → ".join(redact(str(address)) for address in chain[:4] + chain[4:][-2:])
    return Broken(broken.code, f"{broken.reason} (by redirects {way})", transient=broken.transient, pause=broken.pause)


def refusal(exchange: Exchange) -> Broken:
    """What a status that nobody expected means."""
    status = exchange.status
    if status in _TRANSIENT:
        pause = retry_after(exchange.header("retry-after"), exchange.header("date"))
        return Broken("TB3016", f"the server answered {status}", transient=True, pause=pause)
    if status in (404, 410):
        return Broken("TB3015", f"the server has no such file (status {status})", transient=False)
    if status in (401, 403, 407):
        return Broken("TB3024", f"access was denied (status {status})", transient=False)
    if 300 <= status < 400:
        return Broken("TB3012", f"the server answered {status}, which is no redirect to follow", transient=False)
    return Broken("TB3023", f"the server answered {status}, expected 200", transient=False)
