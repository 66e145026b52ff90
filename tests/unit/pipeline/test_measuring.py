"""``pipeline.measuring``: what is asked. That it is really measured is in ``pipeline/test_measure.py``."""

from __future__ import annotations

from typing import Any

import pytest

from twinbuild.pipeline.measuring import silent, stretch


@pytest.mark.parametrize(
    ("body", "pointer", "count", "expected"),
    [
        ({"a": [1, 2]}, "/a", 5, {"a": [1, 2, 1, 2, 1]}),
        ({"a": [1, 2]}, "/a", 1, {"a": [1]}),
        ({"a": {"b/c": [{"x": 1}]}}, "/a/b~1c", 2, {"a": {"b/c": [{"x": 1}, {"x": 1}]}}),
        ({"a": []}, "/a", 3, None),
        ({"a": 1}, "/a", 3, None),
        ({"a": 1}, "/b/c", 3, None),
        ([1], "/a", 3, None),
    ],
)
def test_stretch(body: Any, pointer: str, count: int, expected: Any) -> None:
    """A list is repeated to a length; where there is none, nothing is asked."""
    assert stretch(body, pointer, count) is (expected is not None)
    assert expected is None or body == expected


def test_no_answer() -> None:
    """The finding names the knob, its value and the reason."""
    error = silent("batch_limit", "1024", "status 500")
    assert error.findings[0].code == "TB7112"
    assert "with batch_limit at '1024' the service does not answer: status 500" in error.findings[0].message
