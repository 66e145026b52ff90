"""Connections to a server on the loopback interface."""

from __future__ import annotations

import contextlib
import errno
import socket
import time

import pytest

from twinbuild.build.loopback import connected, listening


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_either_family_is_reached(family: socket.AddressFamily, address: str) -> None:
    """A server that listens on IPv4 or on IPv6 alone is found."""
    with socket.socket(family, socket.SOCK_STREAM) as server:
        try:
            server.bind((address, 0))
        except OSError:
            assert family == socket.AF_INET6  # this machine has none
            return
        server.listen()
        with connected(server.getsockname()[1]) as client:
            assert client.family == family


def test_nobody_listens() -> None:
    """That is an OSError, as the launcher reports it."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        connected(port)


def test_listening() -> None:
    """At IPv4's loopback alone; a port is held by one."""
    with listening(0) as server:
        address, port = server.getsockname()
        assert address == "127.0.0.1"
        with connected(port) as client:
            assert client.getpeername() == ("127.0.0.1", port)
        with pytest.raises(OSError, match="in use"):
            listening(port)


def test_a_server_whose_queue_is_full() -> None:
    """The launcher is kept for a moment, not for seconds: it has limits to look at."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, contextlib.ExitStack() as stack:
        port = server.getsockname()[1]
        started = time.monotonic()

        def fill() -> None:
            for _ in range(5):
                stack.enter_context(connected(port))

        with pytest.raises(OSError, match=r".") as caught:
            fill()
        assert caught.value.errno == errno.ETIMEDOUT
        assert time.monotonic() - started < 0.9  # a blocking one waits for a second, at least
