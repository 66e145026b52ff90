"""A service that runs in a sandbox without a network, and connections to it from outside.

The launcher, which is in the service's network namespace, makes a connection and hands over the socket; a socket stays
in the namespace in which it was made, whoever holds it. So nothing listens on the host and no route exists.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from twinbuild.errors import EnvironmentFault, TwinbuildError

__all__ = ["RunningService", "last_words"]

_PAUSE: Final = 0.02
_CHUNK: Final = 1 << 16
_LAST_WORDS: Final = 2000


class RunningService:
    """A command in a sandbox, from its start until ``stop``."""

    def __init__(self, run: Callable[[], int], control: str, log: Path) -> None:
        self._run, self._control, self.log = run, control, log
        self._status: int | None = None
        self._error: TwinbuildError | None = None
        self._thread = threading.Thread(target=self._work, name="sandbox", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            self._status = self._run()
        except TwinbuildError as error:
            self._error = error

    @property
    def ended(self) -> bool:
        """Whether the command has ended by itself, or could not be started."""
        return not self._thread.is_alive()

    def wait(self, timeout: float | None = None) -> int | None:
        """The status of the command once it has ended, or None after ``timeout`` seconds. Raises what ``run`` does."""
        self._thread.join(timeout)
        if self._error is not None:
            raise self._error
        return self._status

    def connect(self, port: int, *, timeout: float = 30.0) -> socket.socket:
        """A connection to 127.0.0.1 (or ::1) at that port inside, waiting for the service to listen.

        Raises EnvironmentFault TB5912 if it doesn't within ``timeout`` seconds or has ended, and what ``run`` does.
        """
        end = time.monotonic() + timeout
        reason = "it was never tried"
        while True:
            try:
                answer = self._ask(b"connect %d" % port)
            except OSError as error:
                reason = str(error)
            else:
                if isinstance(answer, socket.socket):
                    return answer
                reason = answer
            if self.ended:
                status = self.wait()
                raise self._silent(f"the service ended with status {status}")
            if time.monotonic() >= end:
                raise self._silent(f"nothing answers at port {port} after {timeout:g} s ({reason})")
            time.sleep(_PAUSE)

    def memory(self) -> int:
        """Bytes of memory that all processes of the service had at most; 0 where it has ended."""
        try:
            answer = self._ask(b"memory")
        except OSError:
            return 0
        return int(answer) if isinstance(answer, str) and answer.isdigit() else 0

    def listen(self, port: int, *, timeout: float = 10.0) -> socket.socket:
        """A socket that listens at 127.0.0.1 and that port inside: what the service connects to there comes to us.

        Raises EnvironmentFault TB5912 if the port is taken there, or the service has ended.
        """
        end = time.monotonic() + timeout
        while True:
            try:
                answer = self._ask(b"listen %d" % port)
            except OSError as error:  # the launcher is not there yet, or not any more
                answer = str(error)
                if not self.ended and time.monotonic() < end:
                    time.sleep(_PAUSE)
                    continue
            if isinstance(answer, socket.socket):
                return answer
            raise self._silent(f"nobody can listen at port {port} inside ({answer})")

    def stop(self) -> None:
        """Kill the command and all that it started, and wait until they are dead. Safe to call twice."""
        while not self.ended:
            with contextlib.suppress(OSError):
                self._ask(b"stop")
            self._thread.join(_PAUSE)

    @contextmanager
    def publish(self, port: int, *, host: str = "127.0.0.1", host_port: int = 0) -> Iterator[int]:
        """During the context, connections to a port of the host reach ``port`` inside. Yields the host's port.

        Raises EnvironmentFault TB5912 if the host's port is taken.
        """
        try:
            listener = socket.create_server((host, host_port))
        except OSError as error:
            raise EnvironmentFault.of(
                "TB5912", f"cannot listen at {host}:{host_port}: {error.strerror}", hint="choose another port"
            ) from error
        with listener:
            threading.Thread(target=self._accept, args=(listener, port), daemon=True).start()
            try:
                yield listener.getsockname()[1]
            finally:
                listener.shutdown(socket.SHUT_RDWR)  # wakes the thread, which a mere close does not

    def _accept(self, listener: socket.socket, port: int) -> None:
        with contextlib.suppress(OSError):
            while True:
                outside, _ = listener.accept()
                threading.Thread(target=self._relay, args=(outside, port), daemon=True).start()

    def _relay(self, outside: socket.socket, port: int) -> None:
        with outside, contextlib.suppress(OSError, TwinbuildError), self.connect(port, timeout=5.0) as inside:
            back = threading.Thread(target=_copy, args=(inside, outside), daemon=True)
            back.start()
            _copy(outside, inside)
            back.join()

    def _ask(self, request: bytes) -> socket.socket | str:
        """One request to the launcher: a connected socket, or the reason why not. Raises OSError."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(5)
            above, name = os.path.split(self._control)
            descriptor = os.open(above, os.O_PATH | os.O_DIRECTORY)
            try:
                connection.connect(f"/proc/self/fd/{descriptor}/{name}")  # its own path is limited to 107 bytes
            finally:
                os.close(descriptor)
            connection.sendall(request)
            message, descriptors, _, _ = socket.recv_fds(connection, 512, 1)
        if descriptors:
            inside = socket.socket(fileno=descriptors[0])
            inside.settimeout(None)
            return inside
        return message[1:].decode(errors="replace") or "no answer"

    def _silent(self, reason: str) -> EnvironmentFault:
        said = last_words(self.log)
        return EnvironmentFault.of(
            "TB5912",
            reason + (f"; it printed: {said}" if said else "; it printed nothing"),
            hint="look at its output; check that it listens on the port that the spec names",
        )


def last_words(log: Path) -> str:
    """The end of what a service has printed, however much that is: its last lines as one, with `` | `` between them."""
    try:
        with log.open("rb") as stream:
            first = max(0, stream.seek(0, os.SEEK_END) - _LAST_WORDS)
            stream.seek(first)
            text = stream.read(_LAST_WORDS).decode(errors="replace")
    except OSError:
        return ""
    if first:  # it begins within a line
        text = text.partition("\n")[2] or text
    return " | ".join(line.strip() for line in text.splitlines() if line.strip(" ^~"))  # Python underlines what failed


def _copy(source: socket.socket, target: socket.socket) -> None:
    """All bytes from one to the other, then the end of them."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(_CHUNK):
            target.sendall(chunk)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
