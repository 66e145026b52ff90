"""One request and its answer over urllib3: pools, TLS, proxies. No retries and no redirects here."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from twinbuild.errors import UsageError
from twinbuild.model.settings import Settings
from twinbuild.net.address import Address, redact
from twinbuild.net.credentials import basic
from twinbuild.net.failure import Broken
from twinbuild.net.neighbourhood import is_near
from twinbuild.net.proxy import proxy_of
from twinbuild.net.translate import NearPeer, translate
from twinbuild.net.watch import WatchedResponse

__all__ = ["Exchange", "Transport"]

_CONNECT = 10.0  # seconds for a connection and its TLS handshake, at most
_POOLS = 16


class Exchange:
    """An answer whose body has not been read yet. Leaving the context gives the connection back, or drops it."""

    def __init__(self, response: BaseHTTPResponse) -> None:
        self._response = response
        self.status = response.status

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None and self._response.closed:
            self._response.release_conn()
        else:
            self._response.close()  # a body that was not read to its end cannot be followed by another

    def header(self, name: str) -> str:
        """A header's value, or ""; several are joined by commas (RFC 9110, 5.3)."""
        return self._response.headers.get(name, "")

    def headers(self) -> tuple[tuple[str, str], ...]:
        """All headers, names in lower case, in the order in which they came."""
        return tuple((name.lower(), value) for name, value in self._response.headers.items())

    def read(self, amount: int) -> bytes:
        """Up to ``amount`` bytes as they were sent, empty at the end. Raises Broken."""
        inner = getattr(self._response, "_fp", None)
        if isinstance(inner, WatchedResponse):
            inner.allow(amount)
        try:
            return self._response.read1(amount, decode_content=False)
        except (HTTPError, OSError) as error:
            raise translate(error) from None


class Transport:
    """Connections of one set of settings. Safe to use from several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._pools: dict[tuple[str, bool, bool], urllib3.PoolManager] = {}
        self._stopped = False
        self._tls: ssl.SSLContext | None = None

    def request(
        self,
        address: Address,
        headers: Mapping[str, str],
        *,
        stranger: bool,
        method: str = "GET",
        body: bytes | Iterable[bytes] | None = None,
    ) -> Exchange:
        """Send one request. ``stranger``: a redirect led here, so the host may not be this machine or on its link.

        A ``body`` in pieces needs its Content-Length among the headers; what it raises itself comes out as it is.
        Raises Broken; UsageError TB3014 for certificates that cannot be read.
        """
        if stranger and is_near(address.name):
            raise Broken("TB3012", "leads to this machine or its link", transient=False)
        proxy = proxy_of(address, self._settings)
        tls = "https" in (address.scheme, proxy.partition(":")[0].lower())
        manager = self._manager(proxy, stranger=stranger, tls=tls)
        try:
            response = manager.urlopen(
                method,
                str(address),
                body=body,
                headers=dict(headers),
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
                timeout=urllib3.Timeout(connect=min(_CONNECT, self._settings.timeout), read=self._settings.timeout),
            )
        except (HTTPError, OSError) as error:
            raise _by_way_of(proxy, translate(error)) from None
        return Exchange(response)

    def stop(self) -> None:
        """Cut all connections, so that threads that wait for a server come back at once."""
        with self._lock:
            self._stopped = True
            sockets = list(self._sockets)
        for sock in sockets:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(getattr(sock, "socket", sock), socket.SHUT_RDWR)

    def close(self) -> None:
        """Close idle connections."""
        with self._lock:
            for pool in self._pools.values():
                pool.clear()

    def _remember(self, sock: socket.socket) -> None:
        with self._lock:
            if self._stopped:
                raise OSError("stopped")
            self._sockets.add(sock)

    def _manager(self, proxy: str, *, stranger: bool, tls: bool) -> urllib3.PoolManager:
        with self._lock:
            manager = self._pools.get((proxy, stranger, tls))
            if manager is None:
                manager = self._new_manager(proxy, tls=tls)
                manager.pool_classes_by_scheme = _pool_classes(self, stranger=stranger)
                self._pools[proxy, stranger, tls] = manager
            return manager

    def _new_manager(self, proxy: str, *, tls: bool) -> urllib3.PoolManager:
        if tls and self._tls is None:  # reading a bundle takes a third of a second
            self._tls = _tls_context(self._settings.certificates)
        connections = max(1, self._settings.connections)
        if not proxy:
            return urllib3.PoolManager(num_pools=_POOLS, maxsize=connections, ssl_context=self._tls)
        address = Address.parse(proxy)
        credentials = {}
        if address.user or address.password:
            credentials = {"Proxy-Authorization": basic(address.user, address.password)}
        return urllib3.ProxyManager(
            f"{address.scheme}://{address.host}:{address.port}",
            num_pools=_POOLS,
            maxsize=connections,
            proxy_headers=credentials,
            ssl_context=self._tls,
            proxy_ssl_context=self._tls,
        )


def _pool_classes(transport: Transport, *, stranger: bool) -> dict[str, type[HTTPConnectionPool]]:
    """Pools whose connections are watched, can be cut, and look at whom they reached."""

    class Watched(HTTPConnection):
        response_class = WatchedResponse

        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            if stranger and self.proxy is None and is_near(sock.getpeername()[0]):
                sock.close()
                raise NearPeer
            return sock

        def connect(self) -> None:
            super().connect()
            transport._remember(self.sock)  # noqa: SLF001  the two are one mechanism

    class WatchedTls(Watched, HTTPSConnection):
        pass

    class Plain(HTTPConnectionPool):
        ConnectionCls = Watched

    class Tls(HTTPSConnectionPool):
        ConnectionCls = WatchedTls

    return {"http": Plain, "https": Tls}


def _by_way_of(proxy: str, broken: Broken) -> Broken:
    """The failure, with the proxy that may be its cause; never with the proxy's credentials."""
    if not proxy:
        return broken
    address = Address.parse(proxy)
    return Broken(
        broken.code,
        f"{broken.reason} (by way of the proxy {address.name}:{address.port})",
        transient=broken.transient,
        pause=broken.pause,
    )


def _tls_context(certificates: str) -> ssl.SSLContext:
    """TLS 1.2 or newer, names and chains checked against a bundle (file or directory), else the system's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not certificates:
        context.load_default_certs()
        return context
    try:
        if Path(certificates).is_dir():
            context.load_verify_locations(capath=certificates)
        else:
            context.load_verify_locations(cafile=certificates)
    except (OSError, ssl.SSLError):
        raise UsageError.of(
            "TB3014",
            "the certificate bundle cannot be read as PEM certificates",
            hint="set SSL_CERT_FILE (or `certificates` in twinbuild.toml) to a bundle of PEM certificates",
            where=redact(certificates),
        ) from None
    return context
