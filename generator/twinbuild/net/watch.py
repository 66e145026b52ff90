"""A watch over what a server sends: it may neither stall, nor drip, nor send a header without end.

Per-read time-outs alone do not help against a server that sends a byte a second, nor do limits of a body against a
header or chunk frame that never ends; so the bytes are counted and timed where they leave the socket.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import TYPE_CHECKING, Any

from twinbuild.net.translate import OversizedHeader

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["LARGEST_HEADER", "SLOWEST", "WatchedResponse"]

LARGEST_HEADER = 64 << 10  # bytes of status line and header together
SLOWEST = 256  # bytes per second, on average over the time allowed without a byte


class _Watched(io.RawIOBase):
    """A socket's stream with a budget of bytes and a least rate."""

    def __init__(self, sock: socket.socket, inner: io.RawIOBase) -> None:
        super().__init__()
        self._sock = sock
        self._inner = inner
        self._waited = 0.0
        self._received = 0
        self.budget = LARGEST_HEADER

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        started = time.monotonic()
        count = self._inner.readinto(buffer)
        self._waited += time.monotonic() - started  # only time spent waiting for the server, not in our own work
        if not count:
            return count
        self._received += count
        self.budget -= count
        if self.budget < -len(memoryview(buffer)):
            raise OversizedHeader(f"its header or framing is larger than {LARGEST_HEADER} bytes")
        allowed = self._sock.gettimeout() or 0.0
        if allowed and self._waited >= allowed:
            if self._received < SLOWEST * self._waited:
                raise TimeoutError(f"it sent less than {SLOWEST} bytes/s for {allowed:g} s")
            self._waited, self._received = 0.0, 0
        return count

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
        super().close()


class WatchedResponse(http.client.HTTPResponse):
    """An answer that is read through the watch."""

    def __init__(self, sock: socket.socket, *arguments: Any, **named: Any) -> None:
        super().__init__(sock, *arguments, **named)
        raw = self.fp.detach()
        self.watched = _Watched(sock, raw)
        self.fp = io.BufferedReader(self.watched)

    def begin(self) -> None:
        """Read status line and header, within the budget."""
        super().begin()
        self.allow(0)

    def allow(self, amount: int) -> None:
        """Permit that many bytes of body with their framing until the next call."""
        self.watched.budget = 8 * amount + LARGEST_HEADER
