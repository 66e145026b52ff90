"""Expected and given answers: equal by value, within a tolerance, and where they first differ."""

from __future__ import annotations

import time

import pytest

from twinbuild.model.spec.frozen import freeze
from twinbuild.trial.asking import Answer
from twinbuild.trial.comparing import first_difference, mismatch_of, shortened


def _answer(body: bytes, status: int = 200) -> Answer:
    return Answer(status=status, headers=(), body=body, seconds=0.0)


@pytest.mark.parametrize(
    ("got", "expected", "tolerance"),
    [
        (1, 1.0, 0.0),
        (0.1 + 0.2, 0.3, 1e-9),
        (1001, 1000, 0.001),  # relative to the expected one
        (0.05, 0, 0.05),  # absolute where that is small
        ({"b": 1, "a": [1, 2]}, {"a": [1, 2], "b": 1}, 0.0),
        (None, None, 0.0),
        (10**400, 10**400, 0.5),
    ],
)
def test_equal(got: object, expected: object, tolerance: float) -> None:
    """These are the same."""
    assert first_difference(got, expected, tolerance) is None


@pytest.mark.parametrize(
    ("got", "expected", "tolerance", "said"),
    [
        ({"a": [{"s": 0.2}]}, {"a": [{"s": 0.1}]}, 0.01, "at /a/0/s got 0.2, expected 0.1 within 0.01"),
        ({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 5, "c": 9}, 0.0, "at /b got 2, expected 5"),
        ({"a": 1, "x": 2}, {"a": 1}, 0.0, "at /x got 2, expected nothing"),
        ({}, {"a/b~c": 1}, 0.0, "at /a~1b~0c got nothing, expected 1"),
        ([1, 2], [1, 2, 3], 0.0, "got 2 items, expected 3 items"),
        ([1, 9, 9], [1, 2], 0.0, "at /1 got 9, expected 2"),
        (True, 1, 0.5, "got true, expected 1 within 0.5"),
        (1, True, 0.0, "got 1, expected true"),
        ("1", 1, 0.0, 'got "1", expected 1'),
        (None, {}, 0.0, "got null, expected {}"),
        (1002, 1000, 0.001, "got 1002, expected 1000 within 0.001"),
        (10**400, 1.5, 0.1, f"got {'1' + '0' * 119}…, expected 1.5 within 0.1"),
    ],
)
def test_different(got: object, expected: object, tolerance: float, said: str) -> None:
    """The first place in order of names, with both values."""
    assert str(first_difference(got, expected, tolerance)) == said


def test_whole_answers() -> None:
    """Status first, then the body, which must be JSON, if it is asked for."""
    body = freeze({"ok": True})
    assert mismatch_of(_answer(b'{"ok": true}'), status=200, body=body, tolerance=0.0) is None
    assert mismatch_of(_answer(b"anything"), status=200, body=None, tolerance=0.0) is None
    said = str(mismatch_of(_answer(b"no\nway", 503), status=200, body=body, tolerance=0.0))
    assert said == "got status 503 (no way), expected status 200"
    said = str(mismatch_of(_answer(b'{"ok": NaN}'), status=200, body=body, tolerance=0.0))
    assert said.startswith("got a body that is no JSON")
    assert mismatch_of(_answer(b'{"ok":true,"ok":true}'), status=200, body=body, tolerance=0.0) is not None
    assert mismatch_of(_answer(b"\xff"), status=200, body=body, tolerance=0.0) is not None


def test_a_body_that_is_nested_without_end() -> None:
    """It is no JSON that can be compared, and no fault of ours."""
    for depth in (200, 900, 100_000):
        body = b"[" * depth + b"]" * depth
        said = str(mismatch_of(_answer(body), status=200, body=freeze([]), tolerance=0.0))
        assert "nested too deeply" in said
    assert mismatch_of(_answer(b"[" * 100 + b"]" * 100), status=200, body=freeze([]), tolerance=0.0) is not None


def test_the_beginning_of_a_long_text() -> None:
    """The rest of it is not looked at."""
    text = "é" * (64 << 20)
    started = time.process_time()
    assert shortened(text) == "é" * 120 + "…"
    assert shortened("a\nb") == "a b"
    assert time.process_time() - started < 1
