"""``rollout``: how a new version takes over."""

from typing import Literal, Self

from pydantic import Field, model_validator

from twinbuild.model.spec.base import Objections, Section, Several
from twinbuild.model.spec.values import Duration, Line

__all__ = ["Condition", "Rollout", "RolloutStep"]


class Condition(Section):
    """A comparison of a metric with a threshold over a time."""

    metric: Line
    """Metric or expression."""
    operator: Literal["<", "<=", ">", ">=", "==", "!="]
    """How it is compared."""
    threshold: float
    """With what it is compared."""
    window: Duration
    """Time for which it must hold."""


class RolloutStep(Section):
    """One step of a rollout."""

    weight: int = Field(ge=0, le=100)
    """Share of the traffic, in per cent."""
    pause: Duration | None = None
    """Time before the next step; without it somebody must say so."""


class Rollout(Section):
    """How a new version takes over."""

    strategy: Literal["canary", "blue_green", "rolling"] = "rolling"
    """How traffic moves."""
    steps: Several[RolloutStep] = ()
    """Steps of a canary rollout, with growing weights."""
    promote: Several[Condition] = ()
    """What must hold before the next step."""
    rollback: Several[Condition] = ()
    """What ends the rollout and brings the old version back."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        objections = Objections()
        if self.steps and self.strategy != "canary":
            message = f"the strategy {self.strategy!r} has no steps"
            objections.add("TB1116", message, "take 'steps' out, or choose canary", "steps")
        for index, (before, step) in enumerate(zip(self.steps, self.steps[1:], strict=False), 1):
            if step.weight <= before.weight:
                message = f"the weight {step.weight} follows {before.weight}"
                objections.add("TB1116", message, "order the steps by growing weight", "steps", index, "weight")
        objections.settle()
        return self
