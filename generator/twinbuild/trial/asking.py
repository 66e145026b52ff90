"""Questions to a running service, over connections that somebody else makes: nothing here knows where it runs."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from twinbuild.codec.canonical import digest_of
from twinbuild.model.digest import Digest
from twinbuild.model.spec.frozen import FrozenMapping

__all__ = ["PATIENCE", "Answer", "Connect", "NoAnswer", "Question", "Questioner", "plain"]

Connect = Callable[[int], socket.socket]
LARGEST: Final = 64 << 20  # bytes of an answer that are read
PATIENCE: Final = 60.0  # seconds for one answer, from the question to its last byte
_IDLE: Final = 1.0  # seconds after which a connection is made anew, before the service closes it on us


class NoAnswer(Exception):
    """The service did not answer as HTTP asks for; the reason is its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request to the service at a port inside; ``body`` as it goes over the wire, None where there is none."""

    method: str
    path: str
    port: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None

    @classmethod
    def of(
        cls, method: str, path: str, port: int, value: object = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> Question:
        """A question whose body is the JSON of a (frozen) value; none where that is None."""
        if value is None:
            return cls(method=method, path=path, port=port, headers=headers)
        text = json.dumps(plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
        if all(name.lower() != "content-type" for name, _ in headers):
            headers = (*headers, ("content-type", "application/json"))
        return cls(method=method, path=path, port=port, headers=headers, body=text.encode())

    @property
    def digest(self) -> Digest:
        """The identity of what is asked."""
        body = Digest.of(self.body) if self.body is not None else None
        headers = sorted([name.lower(), value] for name, value in self.headers)
        return digest_of({"method": self.method, "path": self.path, "headers": headers, "body": body})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, and after how many seconds. Of the headers the names are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float


class _Timed(socket.socket):
    """A socket on which all that is sent and read until a moment has to be sent and read by then.

    A time-out of its own begins anew with every byte: whoever sends one now and then would never be given up.
    """

    until = 0.0  # monotonic

    def recv_into(self, *arguments: Any, **more: Any) -> int:
        self._hurry()
        return super().recv_into(*arguments, **more)

    def sendall(self, *arguments: Any, **more: Any) -> None:
        self._hurry()
        super().sendall(*arguments, **more)

    def _hurry(self) -> None:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self.settimeout(left)

    @property
    def spoken(self) -> bool:
        """Whether the other side has closed it, or sent anything, since nothing was asked."""
        self.settimeout(0)
        try:
            self.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True


class _Inside(http.client.HTTPConnection):
    """An HTTP connection whose socket comes from elsewhere: it never dials an address of this machine."""

    auto_open = 0  # only ``connect`` connects: that is not an answer's time

    def __init__(self, connect: Connect, port: int) -> None:
        super().__init__("127.0.0.1", port)
        self._socket_from = connect
        self._used = 0.0
        self.timed: _Timed | None = None

    def connect(self) -> None:
        inside = self._socket_from(self.port)
        self.sock = self.timed = _Timed(inside.family, inside.type, inside.proto, fileno=inside.detach())
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ready(self, patience: float) -> None:
        """Be connected, to a service that has not closed the connection meanwhile; the answer has so many seconds."""
        if self.sock is not None and (time.monotonic() - self._used > _IDLE or (self.timed and self.timed.spoken)):
            self.close()
        if self.sock is None:
            self.connect()
        assert self.timed is not None
        self.timed.until = time.monotonic() + patience

    def used(self) -> None:
        """An answer has come over it."""
        self._used = time.monotonic()


class Questioner:
    """Asks one question after the other, over one connection for as long as the service keeps it open."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._connections: dict[int, _Inside] = {}

    def ask(self, question: Question, *, patience: float = 0.0) -> Answer:
        """The answer, whose last byte must come within so many seconds (0: a minute).

        A connection that the service has closed since its last answer is made anew. What was sent is never sent again:
        the second answer would hide that there was none to the first. Raises NoAnswer, and what ``connect`` does.
        """
        allowed = patience or PATIENCE
        connection = self._connections.get(question.port)
        if connection is None:
            connection = self._connections[question.port] = _Inside(self._connect, question.port)
        connection.ready(allowed)  # what that takes is no time of the answer's
        try:
            answer = self._once(connection, question)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
            self.close()
            raise NoAnswer("it closed the connection without an answer") from error
        except TimeoutError as error:
            self.close()
            raise NoAnswer(f"it did not answer within {allowed:g} s") from error
        except (http.client.HTTPException, OSError) as error:
            self.close()
            raise NoAnswer(f"{type(error).__name__}: {str(error)[:200]}") from error
        connection.used()
        return answer

    def _once(self, connection: _Inside, question: Question) -> Answer:
        started = time.perf_counter()
        connection.request(question.method, question.path, question.body, dict(question.headers))
        response = connection.getresponse()
        body = response.read(LARGEST + 1)
        seconds = time.perf_counter() - started
        if response.length and len(body) <= LARGEST:  # ``read`` with a limit gives what came and says nothing
            raise http.client.IncompleteRead(body, response.length)
        if len(body) > LARGEST:
            self.close()
            raise NoAnswer(f"its answer is longer than {LARGEST} bytes")
        headers = tuple((name.lower(), value) for name, value in response.getheaders())
        return Answer(status=response.status, headers=headers, body=body, seconds=seconds)

    def close(self) -> None:
        """End all connections."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()


def plain(value: object) -> object:
    """A frozen JSON value as ``json`` writes it."""
    if isinstance(value, FrozenMapping | dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value
