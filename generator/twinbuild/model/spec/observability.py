"""``observability``: what can be seen of the running service."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from twinbuild.model.spec.base import Objections, Section, Several
from twinbuild.model.spec.values import Description, Duration, Label, Line

__all__ = ["Alert", "Logs", "MetricDefinition", "Observability", "Tracing"]

_METRIC = r"^[a-zA-Z_:][a-zA-Z0-9_:]{0,199}$"
MetricName = Annotated[str, Field(pattern=_METRIC)]


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
