"""Strict JSON: what is refused, and the kind and place of it; the readers of locks and manifests test the rest."""

from __future__ import annotations

import subprocess
import sys

import pytest

from twinbuild.codec.jsontext import JsonProblem, locate, parse_json


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


@pytest.mark.parametrize(
    ("content", "key", "line", "column"),
    [
        (b'{"a": 1,\n "b": [{"a": 2}, {"a": 3}],\n "a": 4}', "a", 3, 2),
        (b'{"b": {"x": 1},\n "c": {"x": "{", "y": "\\"x\\":", "\\u0078" : 2}}', "x", 2, 33),
        (b'{"a": 1, "a": {"b": 1, "b": 2}}', "a", 1, 10),
        (b'[["a", "a"], {"a": ["a", "a"]}, {"b": 1,\n"b"\n:\n2}]', "b", 2, 1),
    ],
)
def test_place_of_what_is_there_twice(content: bytes, key: str, line: int, column: int) -> None:
    """The first key in the text that its own object has already, however it is spelled; no value, no other object."""
    with pytest.raises(JsonProblem, match=f"the key '{key}' is given twice") as caught:
        parse_json("a.json", content)
    assert (caught.value.kind, caught.value.where.line, caught.value.where.column) == ("duplicate", line, column)


def test_place_of_a_value() -> None:
    """That of the value, or of the nearest above it."""
    text = '{"a": [1, {"b": "x", "c": [2, 3]}],\n "d": 4}'
    for path, column in ((("a", 1, "c", 1), 31), (("a", 1, "b"), 17), (("a", 1, "z"), 11), (("a", 7), 7)):
        assert (locate("a", text, path).line, locate("a", text, path).column) == (1, column)
    assert (locate("a", text, ("d",)).line, locate("a", text, ("d",)).column) == (2, 7)


_HUGE = """\
import resource
from twinbuild.codec.jsontext import JsonProblem, parse_json
many = b"1," * 1_500_000
texts = {
    "deep": b"[" * 800 + b'{"a":1,"a":2},' + many + b"1" + b"]" * 800,
    "deep, in it": b'{"a":' + b"[" * 800 + many + b"1" + b"]" * 800 + b',"a":2}',
    "wide": b"[" * 100 + many + b'{"a":1,"a":2}' + b"]" * 100,
    "before": b'{"a":1,"a":[' + many + b"1]}",
    "text": b'{"a":"' + b'\\\\\\"' * 1_500_000 + b'","a":1}',
}
resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
for name, text in texts.items():
    try:
        parse_json("a.json", text)
    except JsonProblem as problem:
        print(name, problem.kind, sep=": ")
"""


def test_a_key_twice_in_a_huge_text() -> None:
    """Its place is looked for in bounded memory; of texts that lie too deep it is not looked for at all."""
    ended = subprocess.run([sys.executable, "-c", _HUGE], capture_output=True, text=True, check=False)
    kinds = {"deep": "depth", "deep, in it": "depth", "wide": "duplicate", "before": "duplicate", "text": "duplicate"}
    assert ended.stdout.splitlines() == [f"{name}: {kind}" for name, kind in kinds.items()], ended.stderr
