"""``observability``: what can be seen of the running service."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from twinbuild.model.spec.base import Objections, Section, Several
from twinbuild.model.spec.references import Address
from twinbuild.model.spec.serving import HttpPath
from twinbuild.model.spec.values import Description, Duration, Label, Line, Port, objection

__all__ = [
    "Alert",
    "AlertTests",
    "Logs",
    "MetricDefinition",
    "Observability",
    "Sample",
    "Scrape",
    "Tracing",
    "check_values",
]

_METRIC = r"^[a-zA-Z_:][a-zA-Z0-9_:]{0,199}$"
MetricName = Annotated[str, Field(pattern=_METRIC)]
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,126}", re.ASCII)
_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|NaN|[-+]?Inf)"
_VALUE = re.compile(rf"_(?:x[0-9]{{1,5}})?|stale|[-+]?{_NUMBER}(?:(?:[-+]{_NUMBER})?x[0-9]{{1,5}})?", re.ASCII)


def _check_label(text: str) -> str:
    hint = "use letters, digits and '_', not a digit first, as Prometheus does"
    if not _LABEL.fullmatch(text):
        raise objection("TB1174", f"{text[:80]!r} is no name of a label", hint)
    if text.startswith("__") or text in ("le", "quantile"):
        raise objection("TB1174", f"the label {text!r} is Prometheus' own", "leave it out: it is there by itself")
    return text


def check_values(text: str) -> str:
    """Values of a series as promtool writes them. Raises PydanticCustomError TB1177."""
    for word in text.split(" "):
        if not _VALUE.fullmatch(word):
            hint = "write numbers, _ (none), stale, and a+bxN for N more values, with one blank between: 0+60x30"
            raise objection("TB1177", f"got {word[:60]!r} among the values of a series", hint)
    return text


MetricLabel = Annotated[str, AfterValidator(_check_label)]
SeriesValues = Annotated[str, AfterValidator(check_values)]
Source = Literal["service", "mesh", "cluster"]


class MetricDefinition(Section):
    """A metric that can be asked for."""

    name: MetricName
    """Name of the metric (Prometheus)."""
    type: Literal["counter", "gauge", "histogram", "summary"]
    """Kind of metric."""
    description: Description
    """What it measures."""
    labels: Several[MetricLabel] = ()
    """Names of its labels."""
    unit: Line | None = None
    """What its values count, such as seconds."""
    source: Source = "service"
    """Who publishes it; what the mesh or the cluster publishes can't be proven here."""
    port: Port | None = None
    """Port at which it is published, where it is not that of `scrape`."""
    path: HttpPath | None = None
    """Path at which it is published, where it is not that of `scrape`."""

    @model_validator(mode="after")
    def _of_the_service(self) -> Self:
        objections = Objections()
        if self.source != "service" and (self.port is not None or self.path is not None):
            message = f"metric {self.name!r} comes from the {self.source}, so the service does not publish it"
            objections.add("TB1174", message, "take 'port' and 'path' out, or 'source'", "source")
        objections.repeated("label", self.labels, "labels")
        objections.settle()
        return self


class Scrape(Section):
    """Where the service publishes its metrics."""

    port: Port | None = None
    """Port; the first of `serving.ports` where it is missing."""
    path: HttpPath = "/metrics"
    """Path."""
    interval: Duration = "30s"
    """Time between two scrapes."""


class Sample(Section):
    """A series of a unit test."""

    series: Line
    """Metric with its labels, such as requests_total{path="/predict"}."""
    values: SeriesValues
    """Its values, as promtool writes them, one each minute: 0+60x30."""


class AlertTests(Section):
    """Series for the unit test of an alert, where none can be derived from its expression."""

    firing: Several[Sample] = ()
    """Series under which it must fire; none where it fires for want of any."""
    silent: Several[Sample] = ()
    """Series under which it must not."""


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
    tests: AlertTests | None = None
    """Series for its unit test, where none can be derived."""


class Logs(Section):
    """What the service logs."""

    format: Literal["json", "logfmt", "text"] = "json"
    """Form of a line."""
    fields: Several[Label] = ()
    """Fields that every line has."""
    optional: Several[Label] = ()
    """Fields that some lines have; there are no others."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        objections = Objections()
        if self.format == "text" and (self.fields or self.optional):
            key = "fields" if self.fields else "optional"
            message = "a line of plain text has no fields"
            objections.add("TB1175", message, "take them out, or choose json or logfmt", key)
        objections.repeated("field", self.fields, "fields")
        for index, name in enumerate(self.optional):
            if name in self.fields:
                message = f"the field {name!r} is in every line and in some"
                objections.add("TB1175", message, "keep it in one of the two lists", "optional", index)
        objections.settle()
        return self


class Tracing(Section):
    """Distributed tracing."""

    enabled: bool = False
    """Whether traces are sent."""
    exporter: Literal["otlp", "zipkin", "none"] = "none"
    """How they go."""
    endpoint: Address | None = None
    """Where they go in a cluster (OTLP over HTTP): http://collector.tracing:4318; to the same pod if missing."""
    sample_ratio: float = Field(default=0.0, ge=0, le=1)
    """Share of the requests that are traced."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        objections = Objections()
        if self.enabled and self.exporter == "none":
            message = "traces are sent, but nowhere: the exporter is 'none'"
            objections.add("TB1176", message, "choose otlp, or take 'enabled' out", "exporter")
        if self.endpoint is not None and not (self.enabled and self.exporter == "otlp"):
            message = "an address for traces, and none are sent by OTLP"
            objections.add("TB1176", message, "choose the exporter otlp and enable it, or take it out", "endpoint")
        elif self.endpoint is not None and not self.endpoint.startswith(("http://", "https://")):
            message = f"OTLP goes over HTTP here, and the address is {self.endpoint[:80]!r}"
            objections.add("TB1176", message, "write http:// or https://", "endpoint")
        if self.enabled and self.sample_ratio == 0:
            message = "traces are sent, but of no request: sample_ratio is 0"
            objections.add("TB1176", message, "write a share above 0, or take 'enabled' out", "sample_ratio")
        objections.settle()
        return self


class Observability(Section):
    """What can be seen of the running service."""

    metrics: Several[MetricDefinition] = ()
    """Metrics that can be asked for."""
    scrape: Scrape = Field(default_factory=Scrape)
    """Where the service publishes its metrics."""
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
