"""A web server on the loopback that behaves as told, well or badly; and a proxy that leads names to it.

It speaks HTTP/1.1 over plain sockets, so that it can send what no library would: broken lengths, resets in the middle
of a body, headers that never end. Each connection carries one answer unless the answer keeps it.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

__all__ = ["Answer", "Proxy", "Request", "WebServer", "Wire", "file", "redirect", "script", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client asked: method, target, header fields (names in lower case) and what came of the body."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


class Wire:
    """The connection to one client."""

    def __init__(self, sock: socket.socket, stopped: threading.Event) -> None:
        self._sock = sock
        self._stopped = stopped

    def send(self, content: bytes) -> None:
        """Send bytes as they are. Raises ConnectionError when the client has gone or the server stops."""
        if self._stopped.is_set():
            raise ConnectionAbortedError
        self._sock.sendall(content)

    def head(self, status: int, fields: Mapping[str, object]) -> None:
        """Send a status line and header."""
        lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in fields.items())]
        self.send(("\r\n".join(lines) + "\r\nConnection: close\r\n\r\n").encode())

    def wait(self, seconds: float) -> None:
        """Let time pass; raises ConnectionError when the server stops."""
        if self._stopped.wait(seconds):
            raise ConnectionAbortedError

    def reset(self) -> None:
        """Break the connection the hard way (RST)."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionAbortedError


Answer = Callable[[Request, Wire], None]


def text(body: bytes | str, *, status: int = 200, **fields: object) -> Answer:
    """A small answer with the given header fields (underscores for hyphens)."""
    content = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in fields.items()}

    def answer(request: Request, wire: Wire) -> None:
        wire.head(status, {"Content-Length": len(content), **named})
        wire.send(content)

    return answer


def redirect(location: str, status: int = 302) -> Answer:
    """A redirect."""
    return text(b"", status=status, Location=location)


def script(*answers: Answer) -> Answer:
    """One answer after the other, the last one for ever."""
    waiting = list(answers)

    def answer(request: Request, wire: Wire) -> None:
        (waiting.pop(0) if len(waiting) > 1 else waiting[0])(request, wire)

    return answer


def file(
    content: bytes, *, etag: str = '"one"', ranges: bool = True, breaks: tuple[int, ...] = (), chunked: bool = False
) -> Answer:
    """A file with ranges (RFC 9110, 14), whose connection is reset once at each offset of ``breaks``."""
    waiting = sorted(breaks)

    def answer(request: Request, wire: Wire) -> None:
        start = 0
        match = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
        if ranges and match and request.headers.get("if-range", etag) == etag:
            start = int(match[1])
            if start >= len(content):
                wire.head(416, {"Content-Range": f"bytes */{len(content)}", "Content-Length": 0})
                return
        fields: dict[str, object] = {"ETag": etag} if etag else {}
        if start:
            fields["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        fields |= {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": len(content) - start}
        wire.head(206 if start else 200, fields)
        end = next((offset for offset in waiting if offset > start), None)
        piece = content[start:end]
        wire.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" if chunked else piece)
        if end is not None:
            waiting.remove(end)
            wire.wait(0.02)  # let the bytes arrive before the reset throws away what is under way
            wire.reset()
        if chunked:
            wire.send(b"0\r\n\r\n")

    return answer


@dataclass
class WebServer:
    """Serves ``answers`` by path. ``requests`` holds what was asked, in order."""

    tls: ssl.SSLContext | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    host: str = "127.0.0.1"

    def __enter__(self) -> Self:
        self._stopped = threading.Event()
        self._listener = socket.create_server((self.host, 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(5)

    def url(self, path: str, host: str = "") -> str:
        """The address of a path."""
        return f"{'https' if self.tls else 'http'}://{host or self.host}:{self.port}{path}"

    def targets(self) -> list[str]:
        """What was asked for, in order."""
        return [request.target for request in self.requests]

    def patience(self, request: Request) -> int | None:
        """How many bytes of a request's body are read before it is answered; None for all."""
        return None

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._converse, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _converse(self, sock: socket.socket) -> None:
        try:
            sock.settimeout(10)
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
            self._open.add(sock)
            request = read_request(sock, self.patience)
            if request is not None:
                self.requests.append(request)
                self.respond(request, sock)
        except OSError:
            pass  # the client went away, or the answer broke the connection
        finally:
            self._open.discard(sock)
            sock.close()

    def respond(self, request: Request, sock: socket.socket) -> None:
        """Answer one request."""
        answer = self.answers.get(request.target.partition("?")[0], text(b"not here", status=404))
        answer(request, Wire(sock, self._stopped))
        if self.tls is None:
            sock.shutdown(socket.SHUT_WR)


def read_request(sock: socket.socket, patience: Callable[[Request], int | None]) -> Request | None:
    """A request from a connection, or None if the client said nothing."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = sock.recv(65536)
        if not piece:
            return None
        head += piece
    text, _, body = head.partition(b"\r\n\r\n")
    first, *lines = text.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    fields = (line.partition(":") for line in lines)
    request = Request(method=method, target=target, headers={name.lower(): value.strip() for name, _, value in fields})
    length = int(request.headers.get("content-length", 0))
    wanted = patience(request)
    content = bytearray(body)
    while len(content) < (length if wanted is None else min(length, wanted)):
        piece = sock.recv(1 << 20)
        if not piece:
            break
        content += piece
    return replace(request, body=bytes(content))


@dataclass
class Proxy(WebServer):
    """An HTTP proxy that leads every host to one port of this machine; it may demand ``Proxy-Authorization``."""

    upstream: int = 0
    authorization: str = ""

    def respond(self, request: Request, sock: socket.socket) -> None:
        """Tunnel a CONNECT, forward a GET."""
        wire = Wire(sock, self._stopped)
        if self.authorization and request.headers.get("proxy-authorization") != self.authorization:
            wire.head(407, {"Content-Length": 0})
            return
        with socket.create_connection(("127.0.0.1", self.upstream), 10) as other:
            if request.method == "CONNECT":
                wire.send(b"HTTP/1.1 200 Established\r\n\r\n")
                back = threading.Thread(target=_pump, args=(sock, other), daemon=True)
                back.start()
                _pump(other, sock)
                back.join(5)
                return
            path = "/" + request.target.split("/", 3)[3]
            lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers.items())]
            other.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            _pump(other, sock)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
