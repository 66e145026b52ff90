"""Authentication: how a registry's challenge is answered, and tokens kept for as long as they last.

A registry's credentials go to its own origin and to the token service that it names, over https or on the loopback;
never anywhere else, never in the clear, and never into a message. A token is asked for once for each set of scopes.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from twinbuild import __version__
from twinbuild.errors import FetchError, TwinbuildError
from twinbuild.model.settings import Settings
from twinbuild.net.address import Address, Origin, redact
from twinbuild.net.credentials import basic
from twinbuild.net.http import HttpClient
from twinbuild.net.neighbourhood import is_loopback, is_near
from twinbuild.net.registry.challenge import Challenge
from twinbuild.net.registry.logins import Login, Logins
from twinbuild.net.visit import refusal

if TYPE_CHECKING:
    from twinbuild.net.transport import Exchange

__all__ = ["Guard", "denied"]

_LARGEST: Final = 1 << 20
_SHORTEST: Final = 60.0  # seconds that a token lasts where its service does not say (distribution, "token")
_MARGIN: Final = 0.9
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=:-]{1,32768}", re.ASCII)
_SCOPE: Final = re.compile(r"[!#-\[\]-~]{1,1000}", re.ASCII)
_CLIENT: Final = "twinbuild"


def denied(address: Address, account: str, reason: str) -> FetchError:
    """Nobody lets us in."""
    return FetchError.of(
        "TB3204",
        reason,
        hint=f"check the name, and log in with `docker login {account}`; twinbuild reads Docker's config.json",
        where=redact(str(address)),
    )


class Guard:
    """The Authorization header for each origin and set of scopes. Safe to use from several threads."""

    def __init__(
        self, settings: Settings, http: HttpClient, logins: Logins, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._http = http
        self._logins = logins
        self._clock = clock
        self._lock = threading.RLock()
        self._plain: dict[Origin, str] = {}
        self._tokens: dict[tuple[Origin, tuple[str, ...]], tuple[str, float]] = {}

    def header(self, origin: Origin, scopes: tuple[str, ...]) -> str:
        """What is known to let us in, or ""."""
        with self._lock:
            token, until = self._tokens.get((origin, scopes), ("", 0.0))
            if token and self._clock() < until:
                return f"Bearer {token}"
            return self._plain.get(origin, "")

    def answer(
        self, address: Address, account: str, scopes: tuple[str, ...], challenges: tuple[Challenge, ...], rejected: str
    ) -> None:
        """Learn how to be let in, after a 401 to ``rejected`` (a header, or "" for none).

        Raises FetchError TB3204 (nothing lets us in), TB3205 (a token service that cannot be used).
        """
        with self._lock:
            if rejected and self.header(address.origin, scopes) not in ("", rejected):
                return  # another thread has learnt it meanwhile
            self._tokens.pop((address.origin, scopes), None)
            ways = {challenge.scheme: challenge for challenge in reversed(challenges)}
            login = self._login(address, account)
            if "bearer" in ways:
                token, lifetime = self._token(address, account, ways["bearer"], scopes, login)
                self._tokens[address.origin, scopes] = token, self._clock() + lifetime * _MARGIN
            elif "basic" in ways:
                if login is None or not (login.user or login.password):
                    raise denied(address, account, "the registry wants user and password, and none are known for it")
                authorization = basic(login.user, login.password)
                if authorization == rejected:
                    raise denied(address, account, "the registry does not accept user and password")
                self._plain[address.origin] = authorization
            else:
                names = ", ".join(sorted(ways))[:100] or "none"
                raise denied(address, account, f"access was denied; the ways in that the registry offers are: {names}")

    def _login(self, address: Address, account: str) -> Login | None:
        login = self._logins.find(account)
        if login is not None and address.scheme != "https" and not is_loopback(address.name):
            raise FetchError.of(
                "TB3205",
                "the registry wants credentials over plain http, where anybody on the way can read them",
                hint="give the registry a certificate; credentials are sent over https and on the loopback alone",
                where=redact(str(address)),
            )
        return login

    def _token(
        self, address: Address, account: str, challenge: Challenge, scopes: tuple[str, ...], login: Login | None
    ) -> tuple[str, float]:
        if login is not None and login.bearer_token:
            return _checked(login.bearer_token, address), 3600.0
        realm = self._realm(address, challenge.parameter("realm"))
        asked = challenge.parameter("scope").split()
        wanted = sorted({*scopes, *(scope for scope in asked if _SCOPE.fullmatch(scope))})
        service = [("service", challenge.parameter("service"))] if challenge.parameter("service") else []
        fields = [*service, *(("scope", scope) for scope in wanted)]
        headers = {
            "accept": "application/json",
            "accept-encoding": "identity",
            "user-agent": f"twinbuild/{__version__}",
        }
        method, body, target = "GET", None, realm
        if login is not None and login.identity_token:
            form = [("grant_type", "refresh_token"), ("refresh_token", login.identity_token), ("client_id", _CLIENT)]
            joined = [*service, ("scope", " ".join(wanted)), *form]
            method, body = "POST", urlencode(joined).encode()
            headers |= {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(body))}
        else:
            if login is not None:
                headers["authorization"] = basic(login.user, login.password)
            query = urlencode(fields)
            target = Address.parse(f"{realm}{'&' if '?' in realm.target else '?'}{query}") if query else realm

        def attempt() -> tuple[str, float]:
            stranger = not is_near(address.name)
            transport = self._http.transport()
            with transport.request(target, headers, stranger=stranger, method=method, body=body) as exchange:
                if exchange.status in (400, 401, 403):
                    who = "the login" if login is not None else "whoever has no login"
                    raise denied(realm, account, f"the token service refuses {who} (status {exchange.status})")
                if exchange.status != 200:
                    raise refusal(exchange)
                return _read(exchange, realm)

        return self._http.persist(realm, attempt, lambda: False)

    def _realm(self, address: Address, text: str) -> Address:
        """The token service that a registry names, looked at before anything is sent there."""
        try:
            realm = Address.parse(text)
        except TwinbuildError:
            raise _realm_refused(address, "is no address") from None
        authority = realm.host if realm.port in (80, 443) else f"{realm.host}:{realm.port}"
        if realm.user or realm.password:
            raise _realm_refused(address, "carries credentials")
        if is_near(realm.name) and not is_near(address.name):
            raise _realm_refused(address, f"{redact(str(realm))} is this machine or its link")
        if realm.scheme != "https" and not is_loopback(realm.name) and authority not in self._settings.plain_http:
            raise _realm_refused(address, f"{redact(str(realm))} is not https")
        return realm


def _read(exchange: Exchange, realm: Address) -> tuple[str, float]:
    body = bytearray()
    while len(body) <= _LARGEST and (piece := exchange.read(65536)):
        body += piece
    try:
        document = json.loads(body) if len(body) <= _LARGEST else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _realm_refused(realm, "does not answer with a JSON object")
    token = document.get("token") or document.get("access_token")
    lifetime = document.get("expires_in")
    if not isinstance(token, str):
        raise _realm_refused(realm, "answers without a token")
    if isinstance(lifetime, bool) or not isinstance(lifetime, (int, float)) or not 0 < lifetime < 1e9:
        lifetime = _SHORTEST
    return _checked(token, realm), float(lifetime)


def _checked(token: str, where: Address) -> str:
    if not _TOKEN.fullmatch(token):
        raise _realm_refused(where, "gives a token with characters that none has")
    return token


def _realm_refused(where: Address, reason: str) -> FetchError:
    return FetchError.of(
        "TB3205",
        f"the registry's token service {reason}",
        hint="check the registry's address; its token service must be https, or on the loopback as the registry is",
        where=redact(str(where)),
    )
