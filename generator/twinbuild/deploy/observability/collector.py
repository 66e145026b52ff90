"""Configuration of an OpenTelemetry collector beside the service: traces that it is sent, metrics that it scrapes.

Sampling is the service's: it decides at the root of a trace, so that the collector drops nothing. Every span and every
metric gets the release's name and version; the digests are attributes that the deployment gives to the service.
"""

from __future__ import annotations

from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.deploy.deployment import Deployment
from twinbuild.deploy.observability.rules import milliseconds
from twinbuild.deploy.rollout.scraped import places
from twinbuild.model.promql.series import duration

__all__ = ["collector_configuration"]

_BACKEND: Final = "${env:OTLP_BACKEND}"  # the collector's own syntax: where it sends to is the cluster's affair


def collector_configuration(deployment: Deployment) -> Json | None:
    """The configuration; None where nothing is to be collected."""
    spec = deployment.spec
    tracing = spec.observability.tracing
    receivers: dict[str, Json] = {}
    pipelines: dict[str, Json] = {}
    if tracing.enabled:
        receiver = "otlp" if tracing.exporter == "otlp" else "zipkin"
        receivers[receiver] = (
            {"protocols": {"grpc": {"endpoint": "0.0.0.0:4317"}, "http": {"endpoint": "0.0.0.0:4318"}}}
            if receiver == "otlp"
            else {"endpoint": "0.0.0.0:9411"}
        )
        pipelines["traces"] = _pipeline(receiver)
    if scraped := _scraped(deployment):
        receivers["prometheus"] = {"config": {"scrape_configs": scraped}}
        pipelines["metrics"] = _pipeline("prometheus")
    if not pipelines:
        return None
    attributes: list[Json] = [
        {"key": key, "value": value, "action": "upsert"}
        for key, value in (("service.name", spec.metadata.name), ("service.version", spec.metadata.version))
    ]
    return {
        "receivers": receivers,
        "processors": {
            "memory_limiter": {"check_interval": "1s", "limit_mib": 256, "spike_limit_mib": 64},
            "resource": {"attributes": attributes},
            "batch": {"timeout": "5s"},
        },
        "exporters": {"otlp": {"endpoint": _BACKEND, "retry_on_failure": {"enabled": True}}},
        "extensions": {"health_check": {"endpoint": "0.0.0.0:13133"}},
        "service": {"extensions": ["health_check"], "pipelines": pipelines},
    }


def _pipeline(receiver: str) -> Json:
    # The order that the collector's authors ask for: the limiter first, batches last.
    return {"receivers": [receiver], "processors": ["memory_limiter", "resource", "batch"], "exporters": ["otlp"]}


def _scraped(deployment: Deployment) -> list[Json]:
    spec = deployment.spec
    numbers = {port.name: port.port for port in spec.serving.ports}
    interval = duration(milliseconds(spec.observability.scrape.interval))
    return [
        {
            "job_name": spec.metadata.name if index == 0 else f"{spec.metadata.name}-{index}",
            "scrape_interval": interval,
            "metrics_path": path,
            "static_configs": [{"targets": [f"localhost:{numbers[port]}"]}],
        }
        for index, (port, path) in enumerate(places(spec))
    ]
