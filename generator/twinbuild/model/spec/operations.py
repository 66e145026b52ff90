"""``rollout``, ``observability``, ``services`` and ``secrets``: how the release is brought out and watched."""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from twinbuild.model.spec.base import Objections, Section, Several
from twinbuild.model.spec.references import Address
from twinbuild.model.spec.values import Description, Duration, Label, Line, Name, refuse_path

__all__ = [
    "Alert",
    "Authentication",
    "Condition",
    "Logs",
    "MetricDefinition",
    "Observability",
    "Rollout",
    "RolloutStep",
    "Secret",
    "Service",
    "Tracing",
]

_METRIC = r"^[a-zA-Z_:][a-zA-Z0-9_:]{0,199}$"
MetricName = Annotated[str, Field(pattern=_METRIC)]


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


class MetricDefinition(Section):
    """A metric that the service gives."""

    name: MetricName
    """Name of the metric (Prometheus)."""
    type: Literal["counter", "gauge", "histogram", "summary"]
    """Kind of metric."""
    description: Description
    """What it measures."""
    labels: Several[Label] = ()
    """Names of its labels."""


class Alert(Section):
    """A condition at which somebody is called."""

    name: Label
    """Name of the alert."""
    expression: Line
    """Expression (PromQL) that is true where something is wrong."""
    duration: Duration = "5m"
    """Time for which it must be true."""
    severity: Literal["info", "warning", "critical"] = "warning"
    """How bad it is."""
    summary: Line
    """What to tell the person who is called."""


class Logs(Section):
    """What the service logs."""

    format: Literal["json", "text"] = "json"
    """Form of a line."""
    fields: Several[Label] = ()
    """Fields of a line."""


class Tracing(Section):
    """Distributed tracing."""

    enabled: bool = False
    """Whether traces are sent."""
    exporter: Literal["otlp", "zipkin", "none"] = "none"
    """Where they go."""
    sample_ratio: float = Field(default=0.0, ge=0, le=1)
    """Share of the requests that are traced."""


class Observability(Section):
    """What can be seen of the running service."""

    metrics: Several[MetricDefinition] = ()
    """Metrics that it gives."""
    alerts: Several[Alert] = ()
    """Conditions at which somebody is called."""
    logs: Logs = Field(default_factory=Logs)
    """What it logs."""
    tracing: Tracing = Field(default_factory=Tracing)
    """Traces that it sends."""

    @model_validator(mode="after")
    def _unique(self) -> Self:
        objections = Objections()
        objections.repeated("metric", (metric.name for metric in self.metrics), "metrics", key="name")
        objections.repeated("alert", (alert.name for alert in self.alerts), "alerts", key="name")
        objections.settle()
        return self


class Authentication(Section):
    """How a service is convinced."""

    secret: Name
    """Name of an entry of `secrets`."""


class Service(Section):
    """Another service that this one asks."""

    name: Name
    """Name of the service."""
    endpoint: Address
    """Address of the service, without credentials."""
    purpose: Line
    """What it is asked for."""
    authentication: Authentication | None = None
    """How it is convinced."""
    timeout: Duration = "5s"
    """Time to answer."""
    fallback: Line | None = None
    """What happens where it does not answer."""
    required: bool = True
    """Whether the service cannot start without it."""


_REFERENCES = {
    "env": (r"[A-Z_][A-Z0-9_]{0,127}", "the name of an environment variable, such as DATABASE_PASSWORD"),
    "file": (r"/.+", "an absolute path, such as /run/secrets/database"),
    "vault": (r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*#[A-Za-z0-9._-]+", "PATH#KEY, such as risk/scorer#database"),
    "kubernetes": (r"[a-z0-9][a-z0-9.-]{0,252}/[A-Za-z0-9._-]{1,253}", "SECRET/KEY, such as scorer/database"),
}


class Secret(Section):
    """Where a secret is kept; never the secret itself."""

    name: Name
    """Name of the secret."""
    provider: Literal["env", "file", "vault", "kubernetes"]
    """What keeps it."""
    reference: Line
    """Where the provider has it: a variable, an absolute path, PATH#KEY, or SECRET/KEY."""
    purpose: Line
    """What it is for."""
    rotation: Duration | None = None
    """How often it changes."""

    @model_validator(mode="after")
    def _well_formed(self) -> Self:
        pattern, expected = _REFERENCES[self.provider]
        path = self.reference.partition("#")[0].removeprefix("/" if self.provider == "file" else "")
        if not re.fullmatch(pattern, self.reference, re.ASCII) or refuse_path(path):
            objections = Objections()
            message = f"the reference of secret {self.name!r} does not suit the provider {self.provider}"
            objections.add("TB1118", message, f"write {expected}", "reference")
            objections.settle()
        return self
