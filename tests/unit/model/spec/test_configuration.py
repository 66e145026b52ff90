"""Configuration: values that would be refused where they are deployed are refused in the spec."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from twinbuild.model.spec.configuration import Configuration


def _configuration(*parameters: dict[str, Any], **more: Any) -> Configuration:
    given = [{"name": f"k{index}", "description": "d", **each} for index, each in enumerate(parameters)]
    return Configuration.model_validate({"parameters": given, **more})


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
