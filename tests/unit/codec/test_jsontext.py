"""Strict JSON: what is refused, and the kind and place of it; the readers of locks and manifests test the rest."""

from __future__ import annotations

import pytest

from twinbuild.codec.jsontext import JsonProblem, parse_json


def test_what_is_read() -> None:
    """The value and its text; a pair of surrogates is one character."""
    assert parse_json("a", b'{"a": [1, 1.5, 1e308, "\\ud83d\\ude00", "\\\\ud83d"]}')[0] == {
        "a": [1, 1.5, 1e308, "\U0001f600", "\\ud83d"]
    }
    assert parse_json("a", b"[" * 128 + b"]" * 128)[1] == "[" * 128 + "]" * 128
    assert parse_json("a", b"[" + b"[]," * 200 + b"{}]")[0] == [*[[]] * 200, {}]


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (b"1e999", "syntax", "1e999 is beyond the numbers"),
        (b"[-1e999]", "syntax", "-1e999 is beyond the numbers"),
        (b"NaN", "syntax", "NaN is no JSON value"),
        (b"1" * 5000, "syntax", "4300 digits"),
        (b'"\\ud800"', "encoding", "half of a surrogate pair"),
        (b'{"\\uDC00": 1}', "encoding", "half of a surrogate pair"),
        (b"[" * 129 + b"]" * 129, "depth", "nested too deeply"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "depth", "nested too deeply"),
        (b"[" * 100_000 + b"]" * 100_000, "depth", "nested too deeply"),
        (b'{"a": 1, "a": 2}', "duplicate", "given twice"),
        (b"\xff", "encoding", "not UTF-8"),
        (b"{", "syntax", "Expecting"),
        (b"", "syntax", "it is empty"),
    ],
)
def test_what_is_refused(content: bytes, kind: str, message: str) -> None:
    """Before anything else has to do with it: neither can it be written again, nor walked."""
    with pytest.raises(JsonProblem, match=message) as caught:
        parse_json("a.json", content)
    assert (caught.value.kind, caught.value.where.file) == (kind, "a.json")
