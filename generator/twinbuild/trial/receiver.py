"""A receiver of traces (OTLP over HTTP) on a socket that somebody else made: it keeps the spans that arrive."""

from __future__ import annotations

import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from twinbuild.codec.otlp import NotOtlp, Span, read_spans

__all__ = ["Received", "receiving"]

_LARGEST: Final = 4 << 20  # bytes of a request, as OpenTelemetry's collector has it
_MOST: Final = 64 << 20  # bytes of all requests together
_AT_ONCE: Final = 16  # connections; more are closed
_MOMENT: Final = 1.0  # seconds that a connection waits for another to end
_FAULTS: Final = 100  # that are kept


class Received:
    """What has arrived so far; ``faults`` are requests that were none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spans: list[Span] = []
        self._faults: list[str] = []
        self._left = _MOST

    def add(self, spans: tuple[Span, ...], fault: str = "") -> None:
        """Keep spans, or say why there are none."""
        with self._lock:
            self._spans += spans
            if fault and len(self._faults) < _FAULTS:
                self._faults.append(fault)

    def take(self, size: int) -> bool:
        """Whether so many bytes more may be read."""
        with self._lock:
            self._left -= size
            return self._left >= 0

    @property
    def spans(self) -> tuple[Span, ...]:
        """All spans, in the order in which they came."""
        with self._lock:
            return tuple(self._spans)

    @property
    def faults(self) -> tuple[str, ...]:
        """What else came."""
        with self._lock:
            return tuple(self._faults)

    def settle(self, quiet: float, timeout: float) -> None:
        """Wait until spans have come and no more come for ``quiet`` seconds, at most ``timeout``."""
        end = time.monotonic() + timeout
        count, since = -1, time.monotonic()
        while time.monotonic() < end:
            now = len(self.spans) + len(self.faults)
            if now != count:
                count, since = now, time.monotonic()
            elif count and time.monotonic() - since >= quiet:
                return
            time.sleep(0.02)


class _Handler(BaseHTTPRequestHandler):
    """POST /v1/traces: keeps the spans of each request."""

    timeout = 10.0

    @property
    def _received(self) -> Received:
        assert isinstance(self.server, _Bounded)
        return self.server.received

    def do_POST(self) -> None:
        """Keep the spans of one request."""
        fault = ""
        spans: tuple[Span, ...] = ()
        try:
            spans = read_spans(self._body(), self.headers.get("content-type", ""))
        except (NotOtlp, zlib.error, ValueError) as error:
            fault = f"POST {self.path[:80]}: {error}"
        if self.path != "/v1/traces":
            fault = f"POST {self.path[:80]}, expected /v1/traces"
        self._received.add(() if fault else spans, fault)
        self.send_response(400 if fault else 200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", "0")
        self.end_headers()

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            content = b"".join(self._chunks())
        else:
            content = self._piece(int(self.headers.get("content-length", "0")))
        if self.headers.get("content-encoding") == "gzip":
            inflater = zlib.decompressobj(31)
            content = inflater.decompress(content, _LARGEST)
            if not inflater.eof:
                raise ValueError(f"a body that is cut off, or has more than {_LARGEST} bytes")
            if not self._received.take(len(content)):
                raise ValueError(f"more than {_MOST} bytes of spans in all")
        return content

    def _piece(self, length: int) -> bytes:
        """So many bytes of a body, where there may be as many."""
        if not 0 <= length <= _LARGEST:
            raise ValueError(f"a body of {length} bytes")
        if not self._received.take(length):
            raise ValueError(f"more than {_MOST} bytes of spans in all")
        return self.rfile.read(length)

    def _chunks(self) -> Iterator[bytes]:
        """The parts of a body whose length nobody knew (RFC 9112, section 7.1); trailers are not looked at."""
        total = 0
        while size := int(self.rfile.readline(32).partition(b";")[0], 16):
            total += size
            if total > _LARGEST:
                raise ValueError(f"a body of more than {_LARGEST} bytes")
            yield self._piece(size)
            self.rfile.readline(3)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  the base's
        """Say nothing."""


class _Bounded(ThreadingHTTPServer):
    """A server that has so many connections at once, and no more."""

    def __init__(self, received: Received) -> None:
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        self.received = received
        self._free = threading.BoundedSemaphore(_AT_ONCE)

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread of its own, where one is free within a moment."""
        if self._free.acquire(timeout=_MOMENT):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """What the thread does."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a connection that broke off sent no spans, and that is seen."""


@contextmanager
def receiving(listener: socket.socket) -> Iterator[Received]:
    """Receive on a listening socket while the context lasts; the socket is closed at its end."""
    received = Received()
    server = _Bounded(received)
    server.socket.close()
    server.socket = listener
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
