"""A service that does not answer: it takes connections and closes them, or takes them and says nothing."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

__all__ = ["Dead", "unanswering"]

Way = Literal["closes", "silent"]
_MOST: Final = 256  # connections that are kept open


class Dead:
    """How often it was asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self.kept: list[socket.socket] = []

    def add(self, connection: socket.socket, way: Way) -> None:
        """Another connection: closed at once, or kept open."""
        with self._lock:
            self._count += 1
            if way == "silent" and len(self.kept) < _MOST:
                self.kept.append(connection)
                return
        connection.close()

    @property
    def asked(self) -> int:
        """Connections so far."""
        with self._lock:
            return self._count


@contextmanager
def unanswering(listener: socket.socket, way: Way) -> Iterator[Dead]:
    """Take connections on a listening socket while the context lasts; the socket is closed at its end."""
    dead = Dead()

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                dead.add(connection, way)

    thread = threading.Thread(target=accept, name="dead service", daemon=True)
    thread.start()
    try:
        yield dead
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes the thread, which a mere close does not
        listener.close()
        thread.join()
        for connection in dead.kept:
            connection.close()
