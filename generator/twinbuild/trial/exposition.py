"""What a service publishes for Prometheus: series by name, with their type and the labels that they have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Published", "Unreadable", "read_exposition"]

_NAME: Final = re.compile(r"^[ \t]*([a-zA-Z_:][a-zA-Z0-9_:]*)", re.MULTILINE)
_SAMPLES: Final = 200_000
_LARGEST: Final = 16 << 20  # bytes: what is read of them takes many times as much memory


class Unreadable(Exception):
    """It is no text that Prometheus reads; the reason is the exception's text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A series: its metric's type (``unknown`` without a TYPE line), and each set of labels that it has, sorted."""

    name: str
    type: str
    labels: frozenset[frozenset[tuple[str, str]]]

    @property
    def label_names(self) -> frozenset[frozenset[str]]:
        """The names alone."""
        return frozenset(frozenset(name for name, _ in labels) for labels in self.labels)


def read_exposition(content: bytes, content_type: str) -> dict[str, Published]:
    """The series of an answer, by name, as Prometheus would store them. Raises Unreadable."""
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
    from prometheus_client.parser import text_string_to_metric_families as read_text

    if len(content) > _LARGEST:
        raise Unreadable(f"it has {len(content)} bytes, expected {_LARGEST} at most")
    if content.count(b"\n") > 2 * _SAMPLES:
        raise Unreadable(f"it has more than {2 * _SAMPLES} lines")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"it is not UTF-8 at byte {error.start}") from None
    names = {match[1] for match in _NAME.finditer(text)}
    found: dict[str, tuple[str, set[frozenset[tuple[str, str]]]]] = {}
    read = read_openmetrics if content_type.startswith("application/openmetrics-text") else read_text
    count = 0
    try:
        for family in read(text):
            for sample in family.samples:
                count += 1
                # The parser adds the suffix of counters that lack it; Prometheus does not.
                bare = sample.name.removesuffix("_total")
                name = sample.name if sample.name in names or bare not in names else bare
                found.setdefault(name, (family.type, set()))[1].add(frozenset(sample.labels.items()))
            if count > _SAMPLES:
                raise Unreadable(f"it has more than {_SAMPLES} samples")
    except (ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise Unreadable(str(error)[:200] or type(error).__name__) from None
    return {
        name: Published(name=name, type=kind, labels=frozenset(labels))
        for name, (kind, labels) in sorted(found.items())
    }
