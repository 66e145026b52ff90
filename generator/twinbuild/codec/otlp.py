"""Spans of an OTLP export request (opentelemetry-proto 1, ``ExportTraceServiceRequest``), as protobuf or as JSON.

Only what is asked of them is read: identity, parent, and the attributes of the resource. Other fields are passed over,
as protobuf has it.
"""

from __future__ import annotations

import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["NotOtlp", "Span", "read_spans"]


class NotOtlp(Exception):
    """The bytes are no export request; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span: identifiers in hexadecimal digits (a root's parent is ""), and texts among its resource's attributes."""

    trace: str
    span: str
    parent: str
    name: str
    resource: tuple[tuple[str, str], ...]


def read_spans(content: bytes, content_type: str) -> tuple[Span, ...]:
    """The spans of a request's body. Raises NotOtlp."""
    try:
        if content_type.partition(";")[0].strip() == "application/json":
            return tuple(_of_json(json.loads(content)))
        return tuple(_of_protobuf(content))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
        raise NotOtlp(f"{type(error).__name__}: {str(error)[:120]}") from None


def _of_json(request: Any) -> Iterator[Span]:
    for resource_spans in request.get("resourceSpans", ()):
        found = (
            (str(each["key"]), str(each["value"]["stringValue"]))
            for each in resource_spans.get("resource", {}).get("attributes", ())
            if "stringValue" in each.get("value", {})
        )
        attributes = tuple(sorted(found))
        for scope_spans in resource_spans.get("scopeSpans", ()):
            for span in scope_spans.get("spans", ()):
                yield Span(
                    trace=str(span["traceId"]).lower(),
                    span=str(span["spanId"]).lower(),
                    parent=str(span.get("parentSpanId", "")).lower(),
                    name=str(span.get("name", "")),
                    resource=attributes,
                )


# Field numbers of opentelemetry/proto/{collector/trace,trace,resource,common}/v1.


def _of_protobuf(content: bytes) -> Iterator[Span]:
    for resource_spans in _messages(content, 1):
        found = (
            pair for resource in _messages(resource_spans, 1) for each in _messages(resource, 1) for pair in _pair(each)
        )
        attributes = tuple(sorted(found))
        for scope_spans in _messages(resource_spans, 2):
            for span in _messages(scope_spans, 2):
                yield Span(
                    trace=_last(span, 1).hex(),
                    span=_last(span, 2).hex(),
                    parent=_last(span, 4).hex(),
                    name=_last(span, 5).decode("utf-8"),
                    resource=attributes,
                )


def _pair(attribute: bytes) -> Iterator[tuple[str, str]]:
    """A KeyValue whose AnyValue is a text."""
    for value in _messages(attribute, 2):
        for text in _messages(value, 1):
            yield _last(attribute, 1).decode("utf-8"), text.decode("utf-8")


def _messages(content: bytes, wanted: int) -> Iterator[bytes]:
    """The length-delimited values of a field."""
    for number, value in _fields(content):
        if number == wanted and isinstance(value, bytes):
            yield value


def _last(content: bytes, wanted: int) -> bytes:
    """The last value of a field, which counts; empty where there is none."""
    found = b""
    for found in _messages(content, wanted):  # noqa: B007
        pass
    return found


def _fields(content: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Number and value of each field: https://protobuf.dev/programming-guides/encoding/."""
    position = 0
    while position < len(content):
        tag, position = _varint(content, position)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, position = _varint(content, position)
            yield number, value
            continue
        if kind == 2:
            size, position = _varint(content, position)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError(f"wire type {kind} at byte {position}")
        if position + size > len(content):
            raise ValueError(f"it is cut off at byte {len(content)}")
        yield number, content[position : position + size]
        position += size


def _varint(content: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(content):
            raise ValueError(f"it is cut off at byte {len(content)}")
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError(f"a number of more than ten bytes before byte {position}")
