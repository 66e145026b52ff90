"""Recorded requests, and answers that are alike or not."""

from __future__ import annotations

import json

import pytest

from twinbuild.errors import UsageError
from twinbuild.model.spec.tests import Request
from twinbuild.trial.asking import Answer
from twinbuild.trial.shadowing import question_of, recorded_requests, unlike, without


def answer(value: object, status: int = 200) -> Answer:
    """An answer with that JSON, or those bytes."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Answer(status=status, headers=(), body=body, seconds=0.001)


def test_recorded() -> None:
    """A request a line; empty lines are none, and names say which line it was."""
    first, second = recorded_requests(
        b'{"path": "/a", "body": {"x": 1}}\n\n{"path": "/b", "method": "GET"}\n', file="f"
    )
    assert (first.name, first.request.method, first.request.path) == ("line-1", "POST", "/a")
    assert (second.name, second.request.method) == ("line-3", "GET")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "no JSON"),
        (b"[]", "no request"),
        (b'{"path": "predict"}', "path"),
        (b'{"method": "GET"}', "path"),
        (b'{"path": "/a", "method": "BREW"}', "method"),
        (b'{"path": "/a", "boddy": 1}', "boddy"),
        (b'{"path": "/a", "headers": {"x": 1}}', "headers"),
        (b'{"path": "/a", "method": "GET", "body": 1}', "body"),
        (b'{"path": "/a", "path": "/b"}', "no JSON"),
        (b"\xff", "no JSON"),
    ],
)
def test_bad_lines(line: bytes, said: str) -> None:
    """TB7302 at its line, and all bad lines at once."""
    with pytest.raises(UsageError) as caught:
        recorded_requests(b'{"path": "/good"}\n' + line + b"\n" + line, file="traffic.jsonl")
    findings = caught.value.findings
    assert {finding.code for finding in findings} == {"TB7302"}
    assert {finding.where.line for finding in findings} == {2, 3}
    assert findings[0].where.file == "traffic.jsonl"
    assert any(said in finding.message for finding in findings)


def test_question() -> None:
    """To the named port, or the first; to none where it is not there."""
    plain = Request(path="/a", body=None)
    question = question_of(plain, {"http": 80, "admin": 81})
    assert question is not None
    assert question.port == 80
    named = question_of(Request(path="/a", port="admin"), {"http": 80, "admin": 81})
    assert named is not None
    assert named.port == 81
    assert question_of(Request(path="/a", port="other"), {"http": 80}) is None
    assert question_of(plain, {}) is None


def test_alike() -> None:
    """JSON by value, whatever its spelling; numbers within the tolerance; other bodies by their bytes."""
    assert unlike(answer(b'{"a": 1, "b": 2}'), answer(b'{"b":2.0,"a":1}')) is None
    assert unlike(answer({"a": 1.0}), answer({"a": 1.001}), tolerance=0.01) is None
    assert unlike(answer(b"text"), answer(b"text")) is None


@pytest.mark.parametrize(
    ("first", "second", "pointer", "expected", "got"),
    [
        (answer({"a": [1, 2]}), answer({"a": [1, 3]}), "/a/1", "2", "3"),
        (answer({"a": 1.0}), answer({"a": 1.001}), "/a", "1.0", "1.001"),
        (answer({}), answer({}, 500), "", "status 200", "status 500"),
        (answer(b"one"), answer(b"other"), "", "one", "the body other"),
        (answer({}), "it is gone", "", "an answer", "no answer (it is gone)"),
        ("gone", "gone", "", "no answer (gone)", "no answer (gone)"),
    ],
)
def test_unlike(first: Answer | str, second: Answer | str, pointer: str, expected: str, got: str) -> None:
    """The first difference with its place; no answer is never alike, not even twice."""
    mismatch = unlike(first, second)
    assert mismatch is not None
    assert (mismatch.pointer, mismatch.expected, mismatch.got) == (pointer, expected, got)


def test_ignored() -> None:
    """What may differ is left out, and nothing else."""
    one, other = answer({"v": 1, "r": [{"s": 1, "f": 1}]}), answer({"v": 2, "r": [{"s": 2, "f": 1}]})
    assert unlike(one, other, ignored=("/v", "/r/*/s")) is None
    mismatch = unlike(one, other, ignored=("/v",))
    assert mismatch is not None
    assert mismatch.pointer == "/r/0/s"


@pytest.mark.parametrize(
    ("value", "parts", "left"),
    [
        ({"a": 1, "b": 2}, ("a",), {"b": 2}),
        ({"a": {"b": 1}}, ("a", "b"), {"a": {}}),
        ({"a": 1, "b": 2}, ("*",), {}),
        ([1, 2], ("1",), [1, None]),
        ([[1], [2]], ("*", "0"), [[None], [None]]),
        (1, ("a",), 1),
        ({"a": 1}, ("b",), {"a": 1}),
    ],
)
def test_without(value: object, parts: tuple[str, ...], left: object) -> None:
    """Keys go, items become null so that the others keep their places."""
    assert without(value, parts) == left
