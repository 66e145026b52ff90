"""A receiver of traces on a socket that somebody else made."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import time

import pytest
from tests.unit.codec.test_otlp import EXPECTED, PROTOBUF, request

from twinbuild.codec.otlp import read_spans
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
    assert listener.fileno() == -1


def test_more_than_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a flood of spans a part is kept, and it is said; connections that are not served are closed."""
    monkeypatch.setattr("twinbuild.trial.receiver._MOST", 3 * len(request()))
    monkeypatch.setattr("twinbuild.trial.receiver._AT_ONCE", 2)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    with receiving(listener) as received:
        assert [_post(port, "/v1/traces", request()) for _ in range(5)] == [200, 200, 200, 400, 400]
        assert received.spans == (EXPECTED,) * 3
        assert "bytes of spans in all" in received.faults[0]
        with socket.create_connection(("127.0.0.1", port)) as one, socket.create_connection(("127.0.0.1", port)):
            one.sendall(b"POST")
            with socket.create_connection(("127.0.0.1", port), timeout=10) as third:
                assert third.recv(1) == b""


def test_attributes_of_many_spans() -> None:
    """They are those of the resource, sorted once for all its spans and not once for each."""
    attributes = [{"key": f"k{number}", "value": {"stringValue": "v"}} for number in range(20_000)]
    spans = [{"traceId": "1", "spanId": "2"}] * 20_000
    document = {"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": [{"spans": spans}]}]}
    started = time.process_time()
    found = read_spans(json.dumps(document).encode(), "application/json")
    assert found[0].resource is found[-1].resource
    assert time.process_time() - started < 30  # 400 million comparisons take longer


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


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"%x\r\n%b\r\n%x;a=b\r\n%b\r\n0\r\n\r\n", 200),
        (b"zz\r\n%b%b%b%b", 400),
        (b"-5\r\n%b%b%b%b", 400),
        (b"ffffffff\r\n%b%b%b%b", 400),
    ],
)
def test_a_body_in_chunks(body: bytes, status: int) -> None:
    """Exporters that do not know its length send it so; what is none is refused."""
    one, other = request()[:7], request()[7:]
    if status == 200:
        body %= (len(one), one, len(other), other)
    head = f"POST /v1/traces HTTP/1.1\r\ncontent-type: {PROTOBUF}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    listener = socket.create_server(("127.0.0.1", 0))
    with receiving(listener) as received:
        with socket.create_connection(listener.getsockname(), timeout=10) as connection:
            connection.sendall(head + body)
            assert connection.recv(1000).split()[1] == b"%d" % status
        assert received.spans == ((EXPECTED,) if status == 200 else ())
