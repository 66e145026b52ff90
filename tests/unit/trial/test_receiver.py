"""A receiver of traces on a socket that somebody else made."""

from __future__ import annotations

import gzip
import http.client
import socket
import time

from tests.unit.codec.test_otlp import EXPECTED, PROTOBUF, request

from twinbuild.trial.receiver import Received, receiving


def _post(port: int, path: str, body: bytes, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", path, body, {"content-type": PROTOBUF, **headers})
    status = connection.getresponse().status
    connection.close()
    return status


def test_spans_arrive() -> None:
    """Plain and compressed; what is no export request is noted and refused."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    with receiving(listener) as received:
        assert _post(port, "/v1/traces", request()) == 200
        assert _post(port, "/v1/traces", gzip.compress(request()), **{"content-encoding": "gzip"}) == 200
        assert _post(port, "/v1/traces", b"\xff") == 400
        assert _post(port, "/v1/metrics", b"") == 400
        assert _post(port, "/v1/traces", b"x", **{"content-encoding": "gzip"}) == 400
        received.settle(0.1, 10)
    assert received.spans == (EXPECTED, EXPECTED)
    assert len(received.faults) == 3
    assert "expected /v1/traces" in received.faults[1]
    with socket.socket() as other:
        assert other.connect_ex(("127.0.0.1", port)) != 0


def test_settling() -> None:
    """It waits for the first span, and no longer than it may."""
    received = Received()
    started = time.monotonic()
    received.settle(0.05, 0.3)
    assert time.monotonic() - started >= 0.3
    received.add((EXPECTED,))
    started = time.monotonic()
    received.settle(0.05, 60)
    assert time.monotonic() - started < 30
