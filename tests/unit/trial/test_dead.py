"""A service that does not answer."""

from __future__ import annotations

import socket

import pytest

from twinbuild.trial.dead import unanswering


def _connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def test_it_closes() -> None:
    """At once, and counts."""
    listener = socket.create_server(("127.0.0.1", 0))
    with unanswering(listener, "closes") as dead:
        for _ in range(3):
            with _connect(listener.getsockname()[1]) as connection:
                assert connection.recv(1) == b""
        assert dead.asked == 3


def test_it_says_nothing() -> None:
    """Until the context ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    with unanswering(listener, "silent") as dead, _connect(listener.getsockname()[1]) as connection:
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert dead.asked == 1


def test_it_keeps_no_more_than_some(monkeypatch: pytest.MonkeyPatch) -> None:
    """More are closed, and count."""
    monkeypatch.setattr("twinbuild.trial.dead._MOST", 1)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    with unanswering(listener, "silent") as dead, _connect(port), _connect(port) as second:
        assert second.recv(1) == b""
        assert dead.asked == 2
