"""What a service publishes, as Prometheus would store it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinbuild.trial.exposition import Unreadable, read_exposition

TEXT = """\
# HELP a_total A.
# TYPE a_total counter
a_total{b="1"} 2
a_total{b="2"} 2
# TYPE bare counter
bare 3
# TYPE h histogram
h_bucket{le="+Inf"} 1
h_sum 1
h_count 1
untyped 1
"""


def test_series() -> None:
    """By name, with the type of the metric, and labels."""
    found = read_exposition(TEXT.encode(), "text/plain; version=0.0.4")
    assert {name: each.type for name, each in found.items()} == {
        "a_total": "counter",
        "bare": "counter",
        "h_bucket": "histogram",
        "h_count": "histogram",
        "h_sum": "histogram",
        "untyped": "unknown",
    }
    assert found["a_total"].label_names == {frozenset({"b"})}
    assert found["a_total"].labels == {frozenset({("b", "1")}), frozenset({("b", "2")})}


def test_openmetrics() -> None:
    """By the content type; the family of a counter has no suffix there."""
    text = b"# TYPE a counter\na_total 2.0\n# EOF\n"
    assert list(read_exposition(text, "application/openmetrics-text; version=1.0.0")) == ["a_total"]
    with pytest.raises(Unreadable):
        read_exposition(text[:-6], "application/openmetrics-text; version=1.0.0")


@pytest.mark.parametrize("content", [b"<html>", b"\xff", b"a{", b"a b", b'a{b="c} 1', b"1a 2"])
def test_what_is_none(content: bytes) -> None:
    """It is refused with a reason."""
    with pytest.raises(Unreadable, match=r"\S"):
        read_exposition(content, "text/plain")


def test_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused by its bytes and lines, before anything is made of it."""
    monkeypatch.setattr("prometheus_client.parser.text_string_to_metric_families", None)
    monkeypatch.setattr("twinbuild.trial.exposition._SAMPLES", 2)
    with pytest.raises(Unreadable, match="more than 4 lines"):
        read_exposition(b"a 1\n" * 5, "text/plain")
    monkeypatch.setattr("twinbuild.trial.exposition._LARGEST", 10)
    with pytest.raises(Unreadable, match="it has 12 bytes, expected 10 at most"):
        read_exposition(b"a 1\n" * 3, "text/plain")


@given(st.binary(max_size=200) | st.text(st.sampled_from('a_{}="1# TYPE\n\\ e+,'), max_size=80).map(str.encode))
def test_any_bytes(content: bytes) -> None:
    """They are read or refused."""
    refused = False
    try:
        read_exposition(content, "text/plain")
    except Unreadable:
        refused = True
    assert refused in (True, False)
