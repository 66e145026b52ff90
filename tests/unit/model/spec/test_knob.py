"""Knobs: a default that the image would refuse is refused in the spec."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from twinbuild.model import knobs
from twinbuild.model.spec.knob import Knob


def _knob(given: dict[str, Any]) -> Knob:
    return Knob.model_validate({"name": "k", "description": "d", **given})


@pytest.mark.parametrize(
    ("knob", "code"),
    [
        ({"type": "list", "default": ["x" * knobs.LONGEST]}, "TB1124"),
        ({"type": "list", "default": ["x" * (knobs.LONGEST - 4)]}, ""),
        ({"type": "enum", "values": ["a\0", "b"], "default": "a\0"}, "TB1124"),
        ({"type": "float", "default": 0.1 + 0.2, "maximum": 0.3}, "TB1124"),
        ({"type": "duration", "default": "1000ms", "maximum": "1s"}, ""),
        ({"type": "bytes", "default": "900719925474.099Ki", "maximum": "900719925474.098Ki"}, "TB1124"),
    ],
)
def test_a_default_is_one_that_the_image_accepts(knob: dict[str, Any], code: str) -> None:
    """Else the service would never start with it; the spec asks the very code of the image."""
    if code:
        with pytest.raises(ValidationError) as caught:
            _knob(knob)
        assert [error["type"] for error in caught.value.errors()] == [code]
    else:
        only = _knob(knob)
        assert knobs.finding(only.definition, knobs.written(only.default))[1] is None


@pytest.mark.parametrize(
    ("knob", "code"),
    [
        ({"kind": "ulimit", "limit": "nofile", "type": "int", "default": -1}, "TB1124"),
        ({"kind": "ulimit", "limit": "nofile", "type": "int", "default": 1, "minimum": -1}, "TB1142"),
        ({"kind": "ulimit", "limit": "nofile", "type": "int", "default": 0}, ""),
        ({"type": "int", "default": -1}, ""),
        ({"type": "int", "default": 1, "maximum": 100_001, "impact": {"grows": "/rows"}}, "TB1142"),
        ({"type": "int", "default": 1, "maximum": 100_000, "impact": {"grows": "/rows"}}, ""),
        ({"type": "int", "default": 1, "maximum": 100_001}, ""),
    ],
)
def test_bounds_that_no_service_has(knob: dict[str, Any], code: str) -> None:
    """A ulimit below nothing, and a list to measure with that would fill the memory."""
    if code:
        with pytest.raises(ValidationError) as caught:
            _knob(knob)
        assert [error["type"] for error in caught.value.errors()] == [code]
    else:
        assert knobs.finding(_knob(knob).definition, "-1")[1] is None or knob["kind"] == "ulimit"
