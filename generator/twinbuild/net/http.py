"""The HTTP client: documents within a limit, and downloads of any size that survive broken connections.

Every failure ends as a FetchError or IntegrityError with the redacted address. urllib3 is imported at the first
request, since most runs need no network at all.
"""

from __future__ import annotations

import contextlib
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from twinbuild import __version__
from twinbuild.errors import FetchError, IntegrityError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.settings import Settings
from twinbuild.net.address import Address, Origin, redact
from twinbuild.net.download import Download, Sink
from twinbuild.net.failure import Broken
from twinbuild.net.retry import LONGEST_PAUSE, pause_before

if TYPE_CHECKING:
    from twinbuild.net.transport import Exchange, Transport
    from twinbuild.net.visit import Visitor

__all__ = ["HttpClient", "Response", "ignore"]

_PIECE = 256 << 10
_LARGEST_FILE = 1 << 40
_Result = TypeVar("_Result")
_HINTS: Final = {
    "TB3011": "use an https address",
    "TB3012": "check the address; set the one that it finally leads to, if you trust it",
    "TB3015": "check the address, or choose a mirror that has the file",
    "TB3016": "try again later, or choose another mirror",
    "TB3020": "check the network, the proxy settings and the address, then run the command again",
    "TB3021": "check the network, raise `timeout` in twinbuild.toml, or choose a mirror nearer by",
    "TB3022": "set SSL_CERT_FILE to the bundle that holds your authority's certificate",
    "TB3023": "check the address",
    "TB3024": "put user and password into the address of the setting or into a netrc file",
    "TB3025": "check that the address belongs to a web server; a proxy may stand in between",
    "TB3027": "correct the server or choose another mirror",
    "TB3030": "the file is not the one that was locked; choose another mirror or lock again",
}


def ignore(count: int) -> None:
    """Nobody watches the bytes come in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A document: its bytes (decoded), its header fields (lower case, in order) and the address it came from."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
    url: str  # after redirects, without credentials

    @property
    def content_type(self) -> str:
        """The media type without parameters, in lower case, or ""."""
        return dict(self.headers).get("content-type", "").partition(";")[0].strip().lower()


class HttpClient:
    """GET over http and https under one set of settings. Safe to use from several threads.

    ``pause`` waits between tries; by default it ends early when ``stop`` is called.
    """

    def __init__(self, settings: Settings, *, pause: Callable[[float], object] | None = None) -> None:
        self._settings = settings
        self._stopped = threading.Event()
        self._pause = self._stopped.wait if pause is None else pause
        self._lock = threading.Lock()
        self._visitor: Visitor | None = None
        self._transport: Transport | None = None
        self._silent: set[Origin] = set()  # origins that answered to no try: they get one try from now on

    def get(
        self,
        url: str,
        *,
        limit: int,
        accept: str = "*/*",
        headers: Mapping[str, str] | None = None,
        allow_http: bool = False,
    ) -> Response:
        """A whole document of at most ``limit`` bytes, after decoding (gzip at most once).

        ``allow_http`` permits plain http to hosts other than this one: for addresses that the user set so, and for
        content that is verified by digest or signature. Raises FetchError TB3010-TB3027; TB3015 means that the
        server has no such file.
        """
        address = self.parse(url)
        fields = {"accept": accept, "accept-encoding": "gzip", **(headers or {})}

        def attempt() -> Response:
            with self._exchange(address, fields, allow_http=allow_http, accept=frozenset({200})) as (exchange, there):
                body = _document(exchange, limit, redact(url))
                return Response(body=body, headers=exchange.headers(), url=str(there))

        return self.persist(address, attempt, lambda: False)

    def download(
        self,
        url: str,
        sink: Sink,
        *,
        size: int | None = None,
        digest: Digest | None = None,
        limit: int = _LARGEST_FILE,
        allow_http: bool = False,
        advance: Callable[[int], None] = ignore,
    ) -> tuple[Digest, int]:
        """Stream a file into ``sink``, resuming after broken connections; its digest and size in bytes.

        ``advance`` hears of each piece (bytes). Raises FetchError TB3010-TB3026; IntegrityError TB3027 (encoded),
        TB3030 (length), TB3031 (digest), TB3032 (changed between tries); the sink must then be thrown away.
        """
        address = self.parse(url)
        where = redact(url)
        download = Download(sink, size=size, limit=limit, where=where, advance=advance)

        def attempt() -> None:
            with self._exchange(address, download.headers(), allow_http=allow_http, accept=download.accept) as (
                exchange,
                _,
            ):
                download.take(exchange)

        self.persist(address, attempt, download.progressed)
        if digest is not None and download.digest != digest:
            raise IntegrityError.of(
                "TB3031",
                f"got {download.digest}, expected {digest}",
                hint="do not use the file: it is not the one that was locked; choose another mirror or lock again",
                where=where,
            )
        return download.digest, download.received

    def stop(self) -> None:
        """Make every thread that waits in this client come back at once with FetchError TB3029."""
        self._stopped.set()
        with self._lock:
            transport = self._transport
        if transport is not None:
            transport.stop()

    def close(self) -> None:
        """Close idle connections."""
        with self._lock:
            transport = self._transport
        if transport is not None:
            transport.close()

    def parse(self, url: str) -> Address:
        """The value of an address that is about to be asked. Raises FetchError TB3010, TB3028 (offline)."""
        if self._settings.offline:
            raise FetchError.of(
                "TB3028",
                "the network was needed, but the run is offline",
                hint="run `twinbuild fetch` while there is a network, or leave --offline out",
                where=redact(url),
            )
        return Address.parse(url)

    @contextlib.contextmanager
    def _exchange(
        self, address: Address, headers: Mapping[str, str], *, allow_http: bool, accept: frozenset[int]
    ) -> Iterator[tuple[Exchange, Address]]:
        fields = {"user-agent": f"twinbuild/{__version__}", **headers}
        exchange, there = self._open().visit(address, fields, allow_http=allow_http, accept=accept)
        with exchange:
            yield exchange, there

    def transport(self) -> Transport:
        """The connections of this client, for those who speak more of HTTP than GET."""
        with self._lock:
            if self._transport is None:
                from twinbuild.net.transport import Transport  # late: urllib3 costs 0.2 s

                self._transport = Transport(self._settings)
            return self._transport

    def _open(self) -> Visitor:
        transport = self.transport()
        with self._lock:
            if self._visitor is None:
                from twinbuild.net.visit import Visitor

                self._visitor = Visitor(self._settings, transport)
            return self._visitor

    def persist(self, address: Address, attempt: Callable[[], _Result], progressed: Callable[[], bool]) -> _Result:
        """Try until it works, or until ``retries`` further tries in a row brought nothing.

        ``progressed`` says whether the last try brought enough to count as none. Raises what Broken means.
        """
        failures = 0
        while True:
            if self._stopped.is_set():
                raise _stopped(address)
            try:
                result = attempt()
            except Broken as broken:
                if self._stopped.is_set():
                    raise _stopped(address) from None
                failures = 1 if progressed() else failures + 1
                allowed = 0 if address.origin in self._silent else self._settings.retries
                if not broken.transient or failures > allowed or (broken.pause or 0) > LONGEST_PAUSE:
                    if broken.code in ("TB3020", "TB3021"):
                        self._silent.add(address.origin)
                    raise _error(broken, address, failures) from None
                self._pause(pause_before(failures) if broken.pause is None else broken.pause)
            else:
                self._silent.discard(address.origin)
                return result


def _document(exchange: Exchange, limit: int, where: str) -> bytes:
    encoding = exchange.header("content-encoding").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise Broken(
            "TB3027", f"the answer has Content-Encoding {encoding[:40]!r}, expected gzip or none", transient=False
        )
    unpack = zlib.decompressobj(16 + zlib.MAX_WBITS) if encoding.endswith("gzip") else None
    body = bytearray()
    while piece := exchange.read(_PIECE):
        try:
            body += piece if unpack is None else unpack.decompress(piece, limit + 1 - len(body))
        except zlib.error:
            raise Broken("TB3027", "the answer is no sound gzip stream", transient=False) from None
        if len(body) > limit or (unpack is not None and unpack.unconsumed_tail):
            raise FetchError.of(
                "TB3026",
                f"the document is larger than {limit} bytes",
                hint="check that the address names what you mean",
                where=where,
            )
    if unpack is not None and (not unpack.eof or unpack.unused_data):
        raise Broken("TB3027", "the answer is no sound gzip stream", transient=False)
    return bytes(body)


def _error(broken: Broken, address: Address, tries: int) -> TwinbuildError:
    reason = broken.reason
    if broken.pause is not None and broken.pause > LONGEST_PAUSE:
        reason += f" and asks to wait {broken.pause:g} s, the limit is {LONGEST_PAUSE:g} s"
    if tries > 1:
        reason += f" (the last of {tries} tries)"
    kind = IntegrityError if broken.code == "TB3030" else FetchError
    return kind.of(broken.code, reason, hint=_HINTS[broken.code], where=redact(str(address)))


def _stopped(address: Address) -> FetchError:
    return FetchError.of("TB3029", "the download was stopped", hint="run the command again", where=redact(str(address)))
