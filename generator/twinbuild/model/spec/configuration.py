"""``configuration``: the knobs that operators may turn, their ranges and the rules between them."""

from typing import Literal, Self

from pydantic import model_validator

from twinbuild.model.spec.base import Objections, Section, Several
from twinbuild.model.spec.tables import EnvironmentName
from twinbuild.model.spec.values import (
    Description,
    JsonValue,
    Label,
    Line,
    duration_pattern,
    duration_seconds,
    quantity_pattern,
    quantity_value,
)

__all__ = ["Configuration", "Impact", "Knob", "Rule"]


class Impact(Section):
    """What turning a knob does to the service."""

    latency: Line | None = None
    """Effect on latency."""
    throughput: Line | None = None
    """Effect on throughput."""
    memory: Line | None = None
    """Effect on memory."""


class Knob(Section):
    """One setting of the service."""

    name: Label
    """Name of the knob."""
    type: Literal["int", "float", "bool", "string", "enum", "duration", "bytes", "list"]
    """Type of its value; a duration is text such as 250ms, bytes is text such as 512Mi."""
    unit: Line | None = None
    """Unit of its value, such as ms."""
    default: JsonValue
    """Value where nobody sets one."""
    minimum: JsonValue = None
    """Smallest value, in the knob's own type."""
    maximum: JsonValue = None
    """Largest value, in the knob's own type."""
    values: Several[Line] = ()
    """Values of an enum."""
    description: Description
    """What the knob does."""
    environment: EnvironmentName | None = None
    """Environment variable that sets it."""
    runtime_change: bool = False
    """Whether it may change while the service runs."""
    impact: Impact | None = None
    """What turning it does."""
    guidance: Description | None = None
    """How to choose a value."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        objections = Objections()
        if (self.type == "enum") != bool(self.values):
            has = "has" if self.values else "has no"
            objections.add(
                "TB1124",
                f"knob {self.name!r} is of type {self.type} and {has} values",
                "give 'values' if, and only if, the type is enum",
            )
        objections.repeated("value", self.values, "values")
        self._check_values(objections)
        objections.settle()
        self._check_range(objections)
        objections.settle()
        return self

    def _check_values(self, objections: Objections) -> None:
        """Default and range must have the knob's own type."""
        for key in ("default", "minimum", "maximum"):
            value = getattr(self, key)
            if key != "default" and value is None:
                continue
            if key != "default" and self.type not in ("int", "float", "duration", "bytes"):
                objections.add("TB1124", f"a {self.type} has no {key}", f"take '{key}' out", key)
            elif not self._has_type(value):
                objections.add(
                    "TB1124",
                    f"the {key} of knob {self.name!r} is {_shown(value)}, expected {_EXPECTED[self.type]}",
                    f"give a {key} of the knob's own type",
                    key,
                )

    def _check_range(self, objections: Objections) -> None:
        low, high = self._ordinal(self.minimum), self._ordinal(self.maximum)
        here = self._ordinal(self.default)
        if low is not None and high is not None and low > high:
            objections.add(
                "TB1124",
                f"the minimum of knob {self.name!r} is above its maximum",
                "exchange minimum and maximum",
                "minimum",
            )
        elif here is not None and ((low is not None and here < low) or (high is not None and here > high)):
            objections.add(
                "TB1124",
                f"the default {_shown(self.default)} of knob {self.name!r} is outside of its range",
                f"choose one from {_shown(self.minimum)} to {_shown(self.maximum)}",
                "default",
            )

    def _has_type(self, value: object) -> bool:
        match self.type:
            case "int":
                return isinstance(value, int) and not isinstance(value, bool)
            case "float":
                return isinstance(value, (int, float)) and not isinstance(value, bool)
            case "bool":
                return isinstance(value, bool)
            case "string":
                return isinstance(value, str)
            case "enum":
                return isinstance(value, str) and value in self.values
            case "duration":
                return isinstance(value, str) and duration_pattern.fullmatch(value) is not None
            case "bytes":
                return isinstance(value, str) and quantity_pattern.fullmatch(value) is not None
            case "list":
                return isinstance(value, tuple)

    def _ordinal(self, value: object) -> float | None:
        """The place of a value in the knob's range; None where it has none."""
        if value is None or isinstance(value, (bool, tuple)):
            return None
        if isinstance(value, (int, float)):
            return value
        if self.type == "duration" and isinstance(value, str):
            return float(duration_seconds(value))
        if self.type == "bytes" and isinstance(value, str):
            return float(quantity_value(value))
        return None


_EXPECTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "enum": "one of its values",
    "duration": "a duration such as 250ms",
    "bytes": "an amount such as 512Mi",
    "list": "a list",
}


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value)[:80] if isinstance(value, (int, float, str)) else f"a {type(value).__name__}"


class Rule(Section):
    """A condition between knobs."""

    name: Label
    """Name of the rule."""
    rule: Line
    """Expression over the names of knobs that must hold."""
    message: Line
    """What to say where it does not."""


class Configuration(Section):
    """Knobs and the rules between them."""

    parameters: Several[Knob] = ()
    """The knobs."""
    rules: Several[Rule] = ()
    """Conditions between them."""

    @model_validator(mode="after")
    def _unique(self) -> Self:
        objections = Objections()
        objections.repeated("knob", (knob.name for knob in self.parameters), "parameters", key="name")
        objections.repeated("variable", (knob.environment for knob in self.parameters), "parameters", key="environment")
        objections.repeated("rule", (rule.name for rule in self.rules), "rules", key="name")
        objections.settle()
        return self
