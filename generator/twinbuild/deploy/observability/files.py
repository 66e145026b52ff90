"""The files of a release for Prometheus, the OpenTelemetry collector and Grafana."""

from __future__ import annotations

from twinbuild.codec.canonical import Json
from twinbuild.codec.yamltext import as_yaml_stream
from twinbuild.deploy.deployment import Deployment
from twinbuild.deploy.observability.collector import collector_configuration
from twinbuild.deploy.observability.dashboard import dashboard_bytes
from twinbuild.deploy.observability.gates import gates_of
from twinbuild.deploy.observability.gatetests import gate_tests
from twinbuild.deploy.observability.monitor import prometheus_rule, service_monitor
from twinbuild.deploy.observability.rules import rules_document
from twinbuild.deploy.observability.ruletests import alert_tests
from twinbuild.deploy.rollout.scraped import places
from twinbuild.deploy.rollout.target import targets

__all__ = ["observability_files"]


def observability_files(deployment: Deployment) -> dict[str, bytes]:
    """Content by path below ``deploy/``; the rules are of a stage, or of all where the spec publishes to none."""
    spec = deployment.spec
    name = spec.metadata.name
    documents: dict[str, Json] = {}
    for stage in deployment.stages or ("",):
        path = f"prometheus/{stage}/{name}" if stage else f"prometheus/{name}"
        documents[f"{path}.rules.yaml"] = rules_document(deployment, stage)
        if spec.observability.alerts:
            documents[f"{path}.tests.yaml"] = alert_tests(spec, f"{name}.rules.yaml", stage)
        if gates_of(spec).gates:
            documents[f"{path}.gates.tests.yaml"] = gate_tests(spec, f"{name}.rules.yaml", stage)
        documents[f"{path}.prometheusrule.yaml"] = prometheus_rule(deployment, stage)
    names = tuple(sorted({target.name for target in targets(deployment)}))
    if places(spec) and names:
        documents[f"prometheus/{name}.servicemonitor.yaml"] = service_monitor(deployment, names)
    if (collector := collector_configuration(deployment)) is not None:
        documents["opentelemetry/collector.yaml"] = collector
    files = {path: as_yaml_stream(document) for path, document in documents.items()}
    return files | {"grafana/dashboard.json": dashboard_bytes(deployment)}
