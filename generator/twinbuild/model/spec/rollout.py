"""``rollout``: how a new version takes over, what stops it, and how many of it run."""

import re
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from twinbuild.model.spec.base import Objections, Section, Several
from twinbuild.model.spec.frozen import FrozenMapping
from twinbuild.model.spec.observability import MetricName
from twinbuild.model.spec.references import Address, ImageName
from twinbuild.model.spec.tables import TextTable
from twinbuild.model.spec.values import Description, Duration, Label, Line, Name, duration_seconds, objection

__all__ = [
    "Condition",
    "Disruption",
    "FailureMode",
    "Gate",
    "Kind",
    "NamedCondition",
    "Replicas",
    "Rollout",
    "RolloutStep",
    "Shadow",
    "Traffic",
]

Kind = Literal["promote", "rollback"]
_SHARE: Final = re.compile(r"(100|[1-9]?[0-9])%", re.ASCII)


def _check_count(value: object) -> int | str:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1000:
        return value
    if isinstance(value, str) and _SHARE.fullmatch(value):
        return value
    raise objection("TB1169", "got neither a number of pods nor a share of them", "write 1, or '25%' in quotes")


CountOrShare = Annotated[
    int | str,
    PlainValidator(_check_count),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^(100|[1-9]?[0-9])%$"}]}
    ),
]
"""A number of pods, or a share of them such as ``25%``."""


class Condition(Section):
    """A comparison of a metric with a threshold."""

    name: Name | None = None
    """Name by which a failure mode and the rendered files call it; promote-1 or rollback-1 where it is missing."""
    metric: MetricName | None = None
    """A metric of `observability.metrics`; the expression is derived from its type."""
    labels: TextTable = Field(default_factory=FrozenMapping)
    """Values that labels of the metric must have."""
    quantile: float | None = Field(default=None, gt=0, lt=1)
    """Quantile of a histogram or summary, such as 0.95; its mean where it is missing."""
    per: MetricName | None = None
    """A counter, histogram or summary by whose rate that of a counter is divided, such as for the share of errors."""
    rate: Duration | None = None
    """Range over which one measurement is taken; `window` where it is missing."""
    expression: Line | None = None
    """An expression (PromQL) of one's own, in place of `metric`."""
    operator: Literal["<", "<=", ">", ">=", "==", "!="]
    """How it is compared."""
    threshold: float
    """With what it is compared."""
    window: Duration
    """Time over which it is measured, and for which it must hold."""

    @model_validator(mode="after")
    def _measurable(self) -> Self:
        objections = Objections()
        if (self.metric is None) == (self.expression is None):
            both = "both" if self.metric is not None else "neither"
            objections.add("TB1160", f"got {both} of 'metric' and 'expression'", "give one of them")
        for key in ("labels", "quantile", "per", "rate"):
            if self.metric is None and getattr(self, key):
                objections.add("TB1160", f"'{key}' is given without a metric", "name the metric, or take it out", key)
        window = duration_seconds(self.window)
        if window < 1:
            objections.add("TB1160", f"the window {self.window} is below a second", "write 1s or more", "window")
        elif self.rate is not None and not 1 <= duration_seconds(self.rate) <= window:
            message = f"the range {self.rate} is not between 1s and the window {self.window}"
            objections.add("TB1160", message, "choose one that the window holds", "rate")
        # Argo Rollouts and Flagger fill in what stands between double braces, before Prometheus sees it.
        for key in ("expression", "labels"):
            value = getattr(self, key)
            if any("{{" in text for text in ([value] if isinstance(value, str) else (value or {}).values())):
                message = "'{{' begins a template of Argo Rollouts and Flagger"
                objections.add("TB1160", message, "take one of them out", key)
        objections.settle()
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCondition:
    """A condition, the name by which it is called, and its place in the spec."""

    kind: Kind
    index: int
    name: str
    condition: Condition


class RolloutStep(Section):
    """One step of a rollout."""

    weight: int = Field(ge=0, le=100)
    """Share of the traffic, in per cent."""
    pause: Duration | None = None
    """Time before the next step; without it somebody must say so."""


class Gate(Section):
    """A point at which somebody must agree."""

    name: Name
    """Name of the gate."""
    before: int = Field(default=100, ge=1, le=100)
    """Weight of the step that waits for it; 100 is the promotion."""
    approvers: Several[Line] = ()
    """Who may agree: of `governance.roles.approvers`, where that has any."""
    confirm: Address | None = None
    """Address that answers 200 once somebody agreed (Flagger asks it)."""
    description: Description | None = None
    """What to look at before agreeing."""


class FailureMode(Section):
    """Something that may go wrong, how it is noticed and what is done then."""

    name: Name
    """Name of the failure mode."""
    signal: Label
    """The alert, or the condition of `promote` or `rollback`, that notices it."""
    alert: Label | None = None
    """Alert of `observability` that tells somebody; the signal itself where that is one."""
    action: Literal["rollback", "stop", "page"]
    """What follows: the old version comes back, the rollout stops where it is, or somebody is called."""
    description: Description
    """What goes wrong, and what the person who is called does."""


class Replicas(Section):
    """How many pods there are."""

    minimum: int = Field(default=1, ge=1, le=10_000)
    """Fewest pods."""
    maximum: int | None = Field(default=None, ge=1, le=10_000)
    """Most pods; as many as the fewest where it is missing."""
    cpu: int | None = Field(default=None, ge=1, le=100)
    """Use of the requested processor, in per cent, that the autoscaler keeps."""
    memory: int | None = Field(default=None, ge=1, le=100)
    """Use of the requested memory, in per cent, that the autoscaler keeps."""

    @property
    def scaled(self) -> bool:
        """Whether an autoscaler decides."""
        return self.maximum is not None and self.maximum > self.minimum

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        objections = Objections()
        if self.maximum is not None and self.maximum < self.minimum:
            message = f"the maximum {self.maximum} is below the minimum {self.minimum}"
            objections.add("TB1161", message, "exchange them, or raise the maximum", "maximum")
        elif self.scaled and self.cpu is None and self.memory is None:
            message = f"{self.minimum} to {self.maximum} replicas, and nothing says when there are more"
            objections.add("TB1161", message, "give 'cpu' or 'memory', such as cpu: 70", "maximum")
        elif not self.scaled:
            for key in ("cpu", "memory"):
                if getattr(self, key) is not None:
                    message = f"'{key}' is a target of an autoscaler, and the number of replicas is fixed"
                    objections.add("TB1161", message, "give a maximum above the minimum, or take it out", key)
        objections.settle()
        return self


class Disruption(Section):
    """What an operator of the cluster may do to the pods, such as emptying a node."""

    unavailable: CountOrShare = 1
    """Pods that may be missing at once."""


class Traffic(Section):
    """What divides the traffic between versions."""

    router: Literal["none", "nginx", "istio"] = "none"
    """What divides it; without one the numbers of pods do."""
    route: Name | None = None
    """Name of the Ingress (nginx) or VirtualService (istio) that leads to the service."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.router == "none") != (self.route is None):
            objections = Objections()
            has = "has no" if self.route is None else "has a"
            message = f"the router {self.router!r} {has} route"
            objections.add("TB1168", message, "give 'route' if, and only if, there is a router", "router")
            objections.settle()
        return self


class Shadow(Section):
    """The new version beside the old one, before it gets traffic of its own."""

    duration: Duration
    """How long."""
    baseline: ImageName | None = None
    """The old image by digest, for an experiment apart from a rollout."""

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        if self.baseline is not None and "@" not in self.baseline:
            raise objection("TB1109", f"the baseline {self.baseline[:120]!r} has no digest", "append @sha256:…")
        return self


class Rollout(Section):
    """How a new version takes over."""

    strategy: Literal["canary", "blue_green", "rolling"] = "rolling"
    """How traffic moves."""
    name: Name | None = None
    """What it is called in a cluster, where that cannot be `metadata.name`."""
    steps: Several[RolloutStep] = ()
    """Steps of a canary rollout, with growing weights."""
    promote: Several[Condition] = ()
    """What must hold before the next step, or before traffic is switched."""
    rollback: Several[Condition] = ()
    """What ends the rollout and brings the old version back."""
    gates: Several[Gate] = ()
    """Points at which somebody must agree."""
    failure_modes: Several[FailureMode] = ()
    """What may go wrong, how it is noticed, and what is done then."""
    signals: Several[Label] = ()
    """Metrics and alerts without which nobody may roll it out."""
    failures: int = Field(default=3, ge=1, le=100)
    """Measurements that fail, or give nothing, before a rollout that counts them ends."""
    traffic: Traffic = Field(default_factory=Traffic)
    """What divides the traffic."""
    shadow: Shadow | None = None
    """Whether the new version first runs beside the old one: a step of a canary, or by `baseline`."""
    replicas: Replicas = Field(default_factory=Replicas)
    """How many pods there are."""
    surge: CountOrShare = 1
    """Pods beyond the wanted number while versions change."""
    unavailable: CountOrShare = 0
    """Pods below the wanted number while versions change."""
    disruption: Disruption = Field(default_factory=Disruption)
    """Pods that may be missing for other reasons."""
    spread: Several[Label] = ()
    """Labels of nodes, such as kubernetes.io/hostname, over whose values pods are spread evenly."""
    deadline: Duration = "10m"
    """Time in which new pods must be ready."""
    drain: Duration = "30s"
    """Time that a pod has to end its requests."""
    prometheus: Address | None = None
    """Address of the Prometheus that is asked; that of the controller where it is missing."""

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
        if self.surge in (0, "0%") and self.unavailable in (0, "0%"):
            message = "neither more nor fewer pods than wanted may there be, so no pod can be replaced"
            objections.add("TB1162", message, "allow one of them", "surge")
        if self.disruption.unavailable in (0, "0%"):
            message = "no pod may ever be missing, so no node can be emptied"
            objections.add("TB1162", message, "allow 1", "disruption", "unavailable")
        for key in ("gates", "failure_modes"):
            names = (each.name for each in getattr(self, key))
            objections.repeated(key.removesuffix("s").replace("_", " "), names, key, key="name")
        objections.repeated("signal", self.signals, "signals")
        objections.repeated("label of nodes", self.spread, "spread")
        self._check_names(objections)
        self._check_strategy(objections)
        self._check_gates(objections)
        objections.settle()
        return self

    @property
    def conditions(self) -> tuple[NamedCondition, ...]:
        """Those of `promote`, then those of `rollback`."""
        several: tuple[tuple[Kind, tuple[Condition, ...]], ...] = (
            ("promote", self.promote),
            ("rollback", self.rollback),
        )
        return tuple(
            NamedCondition(kind=kind, index=index, name=each.name or f"{kind}-{index + 1}", condition=each)
            for kind, conditions in several
            for index, each in enumerate(conditions)
        )

    def _check_strategy(self, objections: Objections) -> None:
        """What a strategy cannot do has no effect."""
        for key in ("promote", "gates", "shadow"):
            if self.strategy == "rolling" and getattr(self, key):
                message = f"the strategy 'rolling' never waits, so '{key}' has no effect"
                objections.add("TB1162", message, "choose canary or blue_green, or take it out", key)
        if self.strategy == "canary" and self.promote and not self.steps:
            message = "conditions hold back steps, and there are none"
            objections.add("TB1162", message, "give 'steps', such as {weight: 10, pause: 10m}", "promote")
        if self.strategy == "blue_green" and self.shadow is not None and self.shadow.baseline is None:
            message = "blue/green has no step before the switch in which both versions could run side by side"
            hint = "choose canary, or name the old image in 'baseline' for an experiment apart from the rollout"
            objections.add("TB1162", message, hint, "shadow")

    def _check_names(self, objections: Objections) -> None:
        """A condition is called by its name wherever it stands."""
        seen: set[str] = set()
        for each in self.conditions:
            if each.condition.name is not None and each.name in seen:
                message = f"condition {each.name!r} is given more than once"
                objections.add("TB1115", message, "rename one of them", each.kind, each.index, "name")
            seen.add(each.name)

    def _check_gates(self, objections: Objections) -> None:
        weights = {step.weight for step in self.steps} | {100}
        for index, gate in enumerate(self.gates):
            if gate.before not in weights:
                message = f"gate {gate.name!r} stands before the weight {gate.before}, which no step has"
                hint = f"name one of {', '.join(map(str, sorted(weights)))}"
                objections.add("TB1164", message, hint, "gates", index, "before")
