"""A receiver of traces (OTLP over HTTP) on a socket that somebody else made: it keeps the spans that arrive."""

from __future__ import annotations

import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from twinbuild.codec.otlp import NotOtlp, Span, read_spans

__all__ = ["Received", "receiving"]

_LARGEST: Final = 16 << 20


class Received:
    """What has arrived so far; ``faults`` are requests that were none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spans: list[Span] = []
        self._faults: list[str] = []

    def add(self, spans: tuple[Span, ...], fault: str = "") -> None:
        """Keep spans, or say why there are none."""
        with self._lock:
            self._spans += spans
            if fault:
                self._faults.append(fault)

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


@contextmanager
def receiving(listener: socket.socket) -> Iterator[Received]:
    """Receive on a listening socket while the context lasts; the socket is closed at its end."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        """POST /v1/traces."""

        timeout = 10.0

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
            received.add(() if fault else spans, fault)
            self.send_response(400 if fault else 200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def _body(self) -> bytes:
            length = int(self.headers.get("content-length", "0"))
            if not 0 <= length <= _LARGEST:
                raise ValueError(f"a body of {length} bytes")
            content = self.rfile.read(length)
            if self.headers.get("content-encoding") == "gzip":
                inflater = zlib.decompressobj(31)
                content = inflater.decompress(content, _LARGEST)
                if not inflater.eof:
                    raise ValueError(f"a body that is cut off, or has more than {_LARGEST} bytes")
            return content

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  the base's
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
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
