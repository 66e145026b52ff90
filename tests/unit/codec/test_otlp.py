"""Spans of an export request."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinbuild.codec.otlp import NotOtlp, Span, read_spans

TRACE, PARENT, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "00f067aa0ba902b7"
EXPECTED = Span(trace=TRACE, span=SPAN, parent=PARENT, name="GET", resource=(("service.name", "tiny"),))
PROTOBUF = "application/x-protobuf"


def _field(number: int, content: bytes) -> bytes:
    assert len(content) < 16384
    size = len(content)
    return bytes([number << 3 | 2, *((size,) if size < 128 else (size & 0x7F | 0x80, size >> 7))]) + content


def request() -> bytes:
    """One span, as protobuf writes it, with fields that nobody asks for: kind, times, a number among the attributes."""
    times = b"\x30\x02" + bytes([7 << 3 | 1]) + bytes(8) + bytes([15 << 3 | 5]) + bytes(4)
    span = _field(1, bytes.fromhex(TRACE)) + _field(2, bytes.fromhex(SPAN)) + _field(4, bytes.fromhex(PARENT))
    span += _field(5, b"GET") + times
    name = _field(1, b"service.name") + _field(2, _field(1, b"tiny"))
    number = _field(1, b"process.pid") + _field(2, b"\x18\x96\x01")
    resource = _field(1, name) + _field(1, number)
    return _field(1, _field(1, resource) + _field(2, _field(2, span)))


def test_protobuf() -> None:
    """As the SDKs send it."""
    assert read_spans(request(), PROTOBUF) == (EXPECTED,)
    assert read_spans(b"", PROTOBUF) == ()


def test_json() -> None:
    """The other encoding of the same."""
    attribute = {"key": "service.name", "value": {"stringValue": "tiny"}}
    number = {"key": "process.pid", "value": {"intValue": "150"}}
    span = {"traceId": TRACE.upper(), "spanId": SPAN, "parentSpanId": PARENT, "name": "GET"}
    document = {"resourceSpans": [{"resource": {"attributes": [attribute, number]}, "scopeSpans": [{"spans": [span]}]}]}
    assert read_spans(json.dumps(document).encode(), "application/json; charset=utf-8") == (EXPECTED,)


@pytest.mark.parametrize("length", [1, 2, 5, 40, 100])
def test_cut_off(length: int) -> None:
    """Not taken for less."""
    with pytest.raises(NotOtlp, match="cut off"):
        read_spans(request()[:-length], PROTOBUF)


@pytest.mark.parametrize("content", [b"\x0b", b"\x0f", b"\xff" * 11, b"\x0a\x03\x0a\x05\x00", b"<html>"])
def test_what_is_none(content: bytes) -> None:
    """Groups, unknown wire types, endless numbers, lengths that lead out."""
    with pytest.raises(NotOtlp):
        read_spans(content, PROTOBUF)


@pytest.mark.parametrize(
    "content", [b"[", b"[]", b'{"resourceSpans": 1}', b'{"resourceSpans": [{"scopeSpans": [{"spans": [{}]}]}]}']
)
def test_what_is_no_json(content: bytes) -> None:
    """Likewise."""
    with pytest.raises(NotOtlp):
        read_spans(content, "application/json")


@given(st.binary(max_size=80), st.sampled_from([PROTOBUF, "application/json"]))
def test_any_bytes(content: bytes, kind: str) -> None:
    """Read, or refused."""
    spans: tuple[Span, ...] = ()
    with contextlib.suppress(NotOtlp):
        spans = read_spans(content, kind)
    assert len(spans) <= len(content)
