"""What a service must answer to a known request."""

from typing import Self

from pydantic import Field, model_validator

from twinbuild.model.spec.base import Objections, Section
from twinbuild.model.spec.frozen import FrozenMapping
from twinbuild.model.spec.values import JsonValue

__all__ = ["Expectation"]


class Expectation(Section):
    """What the service must answer."""

    status: int = Field(default=200, ge=100, le=599)
    """HTTP status."""
    body: JsonValue = None
    """Body: any JSON; it is not looked at where it is missing."""
    tolerance: float = Field(default=0.0, ge=0, le=1)
    """Largest difference of two numbers that still counts as equal, absolute or relative to the expected one."""

    @model_validator(mode="after")
    def _meaningful(self) -> Self:
        objections = Objections()
        if self.tolerance and not _has_number(self.body):
            what = "'tolerance' is for numbers, and the expected body has none"
            objections.add("TB1152", what, "take 'tolerance' out, or expect a number", "tolerance")
        objections.settle()
        return self


def _has_number(value: object) -> bool:
    if isinstance(value, FrozenMapping):
        return any(_has_number(item) for item in value.values())
    if isinstance(value, tuple):
        return any(_has_number(item) for item in value)
    return isinstance(value, (int, float)) and not isinstance(value, bool)
