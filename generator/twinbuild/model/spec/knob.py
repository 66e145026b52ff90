"""A knob: one setting that operators may turn, its type, range and kind."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from twinbuild.model import knobs
from twinbuild.model.spec.base import Objections, Section, Several
from twinbuild.model.spec.tables import EnvironmentName, check_variable
from twinbuild.model.spec.values import (
    Description,
    Instant,
    JsonValue,
    Label,
    Line,
    duration_pattern,
    duration_seconds,
    quantity_pattern,
    quantity_value,
)

__all__ = ["Impact", "Knob", "shown", "variable_name"]

Effect = Literal["none", "small", "higher", "lower", "proportional"]
"""What a larger value does: nothing, a little, raises, lowers, or raises in proportion."""


Pointer = Annotated[str, Field(pattern=r"^(/[^/\x00-\x1f]{1,100}){1,10}$")]


class Impact(Section):
    """What turning a knob up does to the service; `twinbuild measure` holds it against the truth."""

    latency: Effect | None = None
    """Effect on latency."""
    throughput: Effect | None = None
    """Effect on throughput."""
    memory: Effect | None = None
    """Effect on memory."""
    grows: Pointer | None = None
    """JSON pointer to a list in the body of golden requests that is as long as the knob allows, when it is measured."""


_LONGEST_LIST: Final = 100_000  # items of a golden request
_KIND_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "feature_flag": ("bool",),
    "log_level": ("enum",),
    "batch_size": ("int",),
    "threads": ("int",),
    "memory": ("bytes",),
    "ulimit": ("int",),
    "shared_memory": ("bytes",),
}


def variable_name(knob: str) -> str:
    """The environment variable that sets a knob which names none: ``batch-size`` is BATCH_SIZE."""
    return re.sub("[^A-Z0-9]", "_", knob.upper())


class Knob(Section):
    """One setting of the service."""

    name: Label
    """Name of the knob."""
    kind: Literal[
        "setting",
        "hyperparameter",
        "feature_flag",
        "log_level",
        "batch_size",
        "threads",
        "memory",
        "ulimit",
        "shared_memory",
    ] = "setting"
    """What it sets; a ulimit and shared memory are asked of the container, a hyper-parameter is the model's own."""
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
    """Values of an enum, or the items that a list may have."""
    description: Description
    """What the knob does."""
    environment: EnvironmentName | None = None
    """Environment variable that sets it; without it, the name in capitals, with `_` for what is no letter or digit."""
    limit: Literal["nofile", "nproc", "memlock", "stack"] | None = None
    """Which limit of the process a ulimit is."""
    owner: Line | None = None
    """Who answers for a feature flag."""
    expires: Instant | None = None
    """Day by which a feature flag is taken out."""
    runtime_change: bool = False
    """Whether it may change while the service runs, in `/etc/twinbuild/live/VARIABLE`; `tests.changes` tries it."""
    impact: Impact | None = None
    """What turning it up does."""
    guidance: Description | None = None
    """How to choose a value."""

    @property
    def variable(self) -> str | None:
        """The environment variable that sets it; None for a hyper-parameter, which nobody sets any more."""
        if self.environment is not None or self.kind == "hyperparameter":
            return self.environment
        return variable_name(self.name)

    @property
    def definition(self) -> dict[str, Any]:
        """What decides whether a value is right, as plain JSON: what ``twinbuild.model.knobs`` takes."""
        return {
            "name": self.name,
            "type": self.type,
            "environment": self.variable,
            "default": _plain(self.default),
            "minimum": 0 if self.minimum is None and self.kind == "ulimit" else self.minimum,
            "maximum": self.maximum,
            "values": list(self.values),
        }

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        objections = Objections()
        if (self.type == "enum") != bool(self.values) and self.type != "list":
            has = "has" if self.values else "has no"
            objections.add(
                "TB1124",
                f"knob {self.name!r} is of type {self.type} and {has} values",
                "give 'values' if, and only if, the type is enum or list",
            )
        objections.repeated("value", self.values, "values")
        self._check_kind(objections)
        self._check_values(objections)
        objections.settle()
        self._check_range(objections)
        objections.settle()
        return self

    def _check_kind(self, objections: Objections) -> None:
        """A kind has its own type, and keys that the others have not."""
        types = _KIND_TYPES.get(self.kind, ())
        if types and self.type not in types:
            message = f"a knob of kind {self.kind} is of type {self.type}, expected {' or '.join(types)}"
            objections.add("TB1142", message, "change 'type' or 'kind'", "type")
        for key, kind in (("owner", "feature_flag"), ("expires", "feature_flag"), ("limit", "ulimit")):
            if (getattr(self, key) is not None) != (self.kind == kind):
                has = "has no" if self.kind == kind else "has an" if key == "owner" else "has a"
                message = f"knob {self.name!r} of kind {self.kind} {has} {key!r}"
                hint = f"give '{key}' if, and only if, the kind is {kind}"
                objections.add("TB1142", message, hint, *((key,) if self.kind != kind else ("kind",)))
        if self.runtime_change and self.kind in ("hyperparameter", "ulimit", "shared_memory"):
            message = f"a knob of kind {self.kind} can't change while the service runs"
            objections.add("TB1142", message, "take 'runtime_change' out", "runtime_change")
        if self.impact is not None and self.impact.grows is not None and self.type != "int":
            message = f"knob {self.name!r} of type {self.type} can't be the length of a list"
            objections.add("TB1142", message, "take 'grows' out", "impact", "grows")
        if self.impact is not None and self.impact.grows is not None:
            self._check_list(objections)
        if self.kind == "ulimit" and isinstance(self.minimum, int) and self.minimum < 0:
            message = f"the minimum of knob {self.name!r} is {self.minimum}, but a ulimit is 0 or more"
            objections.add("TB1142", message, "give a minimum of 0 or more", "minimum")
        if self.environment is None and self.variable is not None and (problem := check_variable(self.variable)):
            context = problem.context or {}
            objections.add("TB1112", str(context.get("message", problem)), "give it another 'environment'", "name")

    def _check_list(self, objections: Objections) -> None:
        """`twinbuild measure` asks with lists of these lengths."""
        for key in ("default", "minimum", "maximum"):
            value = getattr(self, key)
            if isinstance(value, int) and value > _LONGEST_LIST:
                message = f"the {key} of knob {self.name!r} is {value}, a list of at most {_LONGEST_LIST} can be asked"
                objections.add("TB1142", message, f"give a smaller {key}, or take 'grows' out", key)

    def _check_values(self, objections: Objections) -> None:
        """Default and range must have the knob's own type."""
        for key in ("default", "minimum", "maximum"):
            value = getattr(self, key)
            if key != "default" and value is None:
                continue
            if key != "default" and self.type not in ("int", "float", "duration", "bytes"):
                objections.add("TB1124", f"a {self.type} has no {key}", f"take '{key}' out", key)
            elif not self.has_type(value):
                objections.add(
                    "TB1124",
                    f"the {key} of knob {self.name!r} is {shown(value)}, expected {knobs.EXPECTED[self.type]}",
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
                f"the default {shown(self.default)} of knob {self.name!r} is outside of its range",
                f"choose one from {shown(self.minimum)} to {shown(self.maximum)}",
                "default",
            )
        elif wrong := knobs.finding(self.definition, knobs.written(self.default))[1]:
            objections.add(
                "TB1124", f"the default of knob {wrong[1]}", "give a default that its image accepts", "default"
            )

    def has_type(self, value: object) -> bool:
        """Whether a value of a spec is of the knob's type."""
        match self.type:
            case "int":
                return isinstance(value, int) and not isinstance(value, bool)
            case "float":
                return isinstance(value, (int, float)) and not isinstance(value, bool)
            case "bool":
                return isinstance(value, bool)
            case "string":
                return isinstance(value, str) and "\0" not in value and len(value) <= knobs.LONGEST
            case "enum":
                return isinstance(value, str) and value in self.values
            case "duration":
                return isinstance(value, str) and duration_pattern.fullmatch(value) is not None
            case "bytes":
                return isinstance(value, str) and quantity_pattern.fullmatch(value) is not None
            case "list":
                return isinstance(value, tuple) and all(self._is_item(item) for item in value)

    def _is_item(self, value: object) -> bool:
        return value in self.values if self.values else isinstance(value, (bool, int, float, str))

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


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def shown(value: object) -> str:
    """A value of a spec within a message."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value)[:80] if isinstance(value, (int, float, str)) else f"a {type(value).__name__}"
