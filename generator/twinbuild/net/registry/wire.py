"""One request to a registry: authenticated, redirected under the room's rules, tried again where that makes sense."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from twinbuild import __version__
from twinbuild.errors import FetchError
from twinbuild.model.settings import Settings
from twinbuild.net.address import Address, redact
from twinbuild.net.failure import Broken
from twinbuild.net.http import HttpClient
from twinbuild.net.neighbourhood import is_loopback, is_near
from twinbuild.net.registry.challenge import parse_challenges
from twinbuild.net.registry.endpoint import Endpoint
from twinbuild.net.registry.guard import Guard, denied
from twinbuild.net.visit import check_clear, in_chain, next_address

if TYPE_CHECKING:
    from twinbuild.net.transport import Exchange

__all__ = ["Ask", "Reply", "Wire", "scope", "unexpected"]

_PIECE: Final = 256 << 10
_DRAINED: Final = 64 << 10  # bytes of a refusal's body that are read, so that the connection serves again
_DENIED: Final = frozenset({401, 403})
_Result = TypeVar("_Result")


def scope(endpoint: Endpoint, repository: str, actions: str) -> str:
    """What a token must be good for: ``repository:NAME:pull``."""
    return f"repository:{endpoint.prefix}{repository}:{actions}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request. ``body`` gives the pieces anew for each try; ``accept`` holds the statuses that the caller reads."""

    method: str
    url: str
    scopes: tuple[str, ...]
    accept: frozenset[int] = frozenset({200})
    headers: tuple[tuple[str, str], ...] = ()
    body: Callable[[], bytes | Iterable[bytes]] | None = None
    length: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer that was read: header names in lower case. ``body`` is cut one byte above the limit."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    url: str

    def header(self, name: str) -> str:
        """A header's value, or ""."""
        return dict(self.headers).get(name, "")

    @property
    def media_type(self) -> str:
        """The media type without parameters, in lower case."""
        return self.header("content-type").partition(";")[0].strip().lower()


class Wire:
    """Requests to the endpoints of registries. Safe to use from several threads."""

    def __init__(self, settings: Settings, http: HttpClient, guard: Guard) -> None:
        self._settings = settings
        self._http = http
        self._guard = guard
        self._lock = threading.Lock()
        self._schemes: dict[str, str] = {}

    def scheme(self, endpoint: Endpoint) -> str:
        """The scheme, http or https: a registry on the loopback is asked once in the clear.

        Raises FetchError TB3028 (offline).
        """
        if endpoint.scheme:
            return endpoint.scheme
        with self._lock:
            known = self._schemes.get(endpoint.authority)
            if known is None:
                known = self._schemes[endpoint.authority] = self._probe(endpoint)
            return known

    def reply(self, ask: Ask, endpoint: Endpoint, *, limit: int) -> Reply:
        """Send, and read the answer up to a limit. Raises FetchError TB3010-TB3029, TB3204, TB3205."""
        return self.persist(self._http.parse(ask.url), lambda: self.once(ask, endpoint, limit=limit), lambda: False)

    def once(self, ask: Ask, endpoint: Endpoint, *, limit: int = _DRAINED) -> Reply:
        """One try of ``reply``. Raises Broken."""
        with self._exchange(ask, endpoint) as (exchange, there):
            body = _document(exchange, limit)
            return Reply(status=exchange.status, headers=exchange.headers(), body=body, url=str(there))

    def persist(self, address: Address, attempt: Callable[[], _Result], progressed: Callable[[], bool]) -> _Result:
        """Try until it works or makes no sense any more. Raises what Broken means."""
        return self._http.persist(address, attempt, progressed)

    def stream(
        self,
        ask: Callable[[], Ask],
        endpoint: Endpoint,
        take: Callable[[Exchange], None],
        progressed: Callable[[], bool],
    ) -> None:
        """Send what ``ask`` gives for each try, and let ``take`` read the answer. Raises as ``reply`` and ``take``."""

        def attempt() -> None:
            with self._exchange(ask(), endpoint) as (exchange, _):
                take(exchange)

        self.persist(self._http.parse(ask().url), attempt, progressed)

    @contextlib.contextmanager
    def _exchange(self, ask: Ask, endpoint: Endpoint) -> Iterator[tuple[Exchange, Address]]:
        address = self._http.parse(ask.url)
        learnt = False
        while True:
            authorization = self._guard.header(address.origin, ask.scopes)
            exchange, there = self._visit(address, ask, authorization)
            if exchange.status not in _DENIED or there.origin != address.origin:
                break
            with exchange:
                _drain(exchange)
            if exchange.status == 403 or learnt:
                reason = (
                    "access was denied" if exchange.status == 403 else "access was denied, also with what was asked for"
                )
                raise denied(address, endpoint.account, f"{reason} (status {exchange.status})")
            challenges = parse_challenges(exchange.header("www-authenticate"))
            self._guard.answer(address, endpoint.account, ask.scopes, challenges, authorization)
            learnt = True
        with exchange:
            yield exchange, there

    def _visit(self, address: Address, ask: Ask, authorization: str) -> tuple[Exchange, Address]:
        """The answer behind redirects. Credentials go to the first origin alone; only reading is redirected."""
        # Whether it may be plain http was decided with the endpoint; from this machine nothing leads to another so.
        allow_http = address.scheme == "http" and not is_loopback(address.name)
        check_clear(address, allow_http=allow_http)
        fields = {"user-agent": f"twinbuild/{__version__}", "accept-encoding": "identity", **dict(ask.headers)}
        if ask.body is not None:
            fields["content-length"] = str(ask.length)
        elif ask.method in ("POST", "PUT", "PATCH"):
            fields["content-length"] = "0"
        chain = [address]
        while True:
            here = chain[-1]
            own = {"authorization": authorization} if authorization and here.origin == address.origin else {}
            body = None if ask.body is None else ask.body()
            try:
                exchange = self._http.transport().request(
                    here,
                    {**fields, **own},
                    stranger=len(chain) > 1 and not is_near(address.name),
                    method=ask.method,
                    body=body,
                )
            except Broken as broken:
                raise in_chain(broken, chain) from None
            if exchange.status in ask.accept or (exchange.status in _DENIED and here.origin == address.origin):
                return exchange, here
            with exchange:
                moved = 300 <= exchange.status < 400
                if moved and ask.method not in ("GET", "HEAD"):
                    raise in_chain(
                        Broken("TB3012", "the registry redirects what is sent to it", transient=False), chain
                    )
                chain.append(next_address(exchange, chain, allow_http=allow_http))

    def _probe(self, endpoint: Endpoint) -> str:
        address = self._http.parse(str(endpoint.base("http")))
        try:
            with self._http.transport().request(
                address, {"user-agent": f"twinbuild/{__version__}"}, stranger=False
            ) as (exchange):
                _drain(exchange)
                return "http" if exchange.status != 400 else "https"  # 400: what servers of TLS say to plain text
        except Broken as broken:
            return "http" if broken.code == "TB3020" and "refused" in broken.reason else "https"


def _document(exchange: Exchange, limit: int) -> bytes:
    encoding = exchange.header("content-encoding").strip().lower()
    if encoding not in ("", "identity"):
        raise Broken("TB3027", f"the answer has Content-Encoding {encoding[:40]!r}, expected none", transient=False)
    body = bytearray()
    while len(body) <= limit and (piece := exchange.read(min(_PIECE, limit + 1 - len(body)))):
        body += piece
    return bytes(body)


def _drain(exchange: Exchange) -> None:
    left = _DRAINED
    while left > 0 and (piece := exchange.read(left)):
        left -= len(piece)


def unexpected(reply: Reply, what: str) -> FetchError:
    """An answer to which nothing better can be said."""
    return FetchError.of(
        "TB3023", f"{what} was answered with {reply.status}", hint="check the address", where=redact(reply.url)
    )
