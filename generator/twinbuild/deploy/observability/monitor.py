"""For the Prometheus operator: where the service is scraped, and the rules as an object of the cluster."""

from __future__ import annotations

from twinbuild.codec.canonical import Json
from twinbuild.deploy.deployment import Deployment
from twinbuild.deploy.observability.rules import milliseconds, rules_document
from twinbuild.deploy.rollout.pod import port_name
from twinbuild.model.promql.series import duration
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["places", "prometheus_rule", "service_monitor"]

_MANAGED = {"app.kubernetes.io/managed-by": "twinbuild"}


def places(spec: ReleaseSpec) -> tuple[tuple[str, str], ...]:
    """Name of the port and path of everything that is to be scraped, each once; empty where the service has no port."""
    ports = {port.port: port.name for port in spec.serving.ports}
    if not ports:
        return ()
    scrape = spec.observability.scrape
    usual = scrape.port if scrape.port is not None else next(iter(ports))
    own = [metric for metric in spec.observability.metrics if metric.source == "service"]
    found = [(ports[metric.port or usual], metric.path or scrape.path) for metric in own]
    return tuple(dict.fromkeys(found))


def service_monitor(deployment: Deployment, names: tuple[str, ...]) -> Json:
    """A ServiceMonitor for services of these names: the job is the service's name, as rules expect it."""
    spec = deployment.spec
    interval = duration(milliseconds(spec.observability.scrape.interval))
    names_in_a_cluster = {port.name: port_name(port) for port in spec.serving.ports}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {"name": spec.metadata.name, "labels": {"app.kubernetes.io/name": spec.metadata.name, **_MANAGED}},
        "spec": {
            "jobLabel": "app.kubernetes.io/name",
            "selector": {
                "matchExpressions": [{"key": "app.kubernetes.io/name", "operator": "In", "values": list(names)}]
            },
            "podTargetLabels": ["app.kubernetes.io/version"],
            "endpoints": [
                {"port": names_in_a_cluster[port], "path": path, "interval": interval, "scheme": "http"}
                for port, path in places(spec)
            ],
        },
    }


def prometheus_rule(deployment: Deployment) -> Json:
    """The rules as the operator reads them."""
    name = deployment.spec.metadata.name
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/name": name, **_MANAGED}},
        "spec": rules_document(deployment),
    }
