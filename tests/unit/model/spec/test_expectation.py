"""What a service must answer."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from twinbuild.model.spec.expectation import Expectation
from twinbuild.model.spec.frozen import freeze


@pytest.mark.parametrize("body", [1.5, {"a": [{"b": 2}]}, [0]])
def test_a_tolerance_is_for_numbers(body: object) -> None:
    """Wherever they stand."""
    assert Expectation.model_validate({"body": body, "tolerance": 0.1}).body == freeze(body)


@pytest.mark.parametrize("body", [None, True, "1.5", {"a": [True, None]}])
def test_a_tolerance_without_a_number(body: object) -> None:
    """Nothing could differ by it."""
    with pytest.raises(ValidationError, match="'tolerance' is for numbers"):
        Expectation.model_validate({"body": body, "tolerance": 0.1})
