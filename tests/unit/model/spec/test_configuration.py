"""Configuration: values that would be refused where they are deployed are refused in the spec."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from twinbuild.model import knobs
from twinbuild.model.spec.configuration import Configuration


def _configuration(*parameters: dict[str, Any], **more: Any) -> Configuration:
    given = [{"name": f"k{index}", "description": "d", **each} for index, each in enumerate(parameters)]
    return Configuration.model_validate({"parameters": given, **more})


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
            _configuration(knob)
        assert [error["type"] for error in caught.value.errors()] == [code]
    else:
        (only,) = _configuration(knob).parameters
        assert knobs.finding(only.definition, knobs.written(only.default))[1] is None


@pytest.mark.parametrize("stage", ["", "live"])
def test_more_than_a_config_map_takes(stage: str) -> None:
    """Kubernetes refuses more than 1 MiB of values, by default or in a stage."""
    many = [{"type": "string", "default": "ü" * (128 if not stage else 1)} for _ in range(4096)]
    values = {f"k{index}": "ü" * 128 for index in range(4096)} if stage else {}
    assert len(_configuration(*many, stages={stage or "dev": values}).parameters) == 4096
    many[0]["default"] += "x"
    values["k0"] = "ü" * 128 + "x"
    with pytest.raises(ValidationError) as caught:
        _configuration(*many, stages={stage or "dev": values if stage else {}})
    (*_, error) = caught.value.errors()
    assert error["type"] == "TB1147"
    assert "1048577 bytes, expected at most 1048576" in error["msg"]
