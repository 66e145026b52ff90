"""For the Prometheus operator: where the service is scraped, and the rules as an object of the cluster."""

from __future__ import annotations

from twinbuild.codec.canonical import Json
from twinbuild.deploy.deployment import Deployment
from twinbuild.deploy.observability.rules import milliseconds, rules_document
from twinbuild.deploy.rollout.pod import port_name
from twinbuild.deploy.rollout.scraped import POD_LABELS, SCRAPED, places
from twinbuild.deploy.rollout.target import STAGE
from twinbuild.model.promql.series import duration

__all__ = ["prometheus_rule", "service_monitor"]

_MANAGED = {"app.kubernetes.io/managed-by": "twinbuild"}


def service_monitor(deployment: Deployment, names: tuple[str, ...]) -> Json:
    """A ServiceMonitor for these names: the job is the name, as rules expect it.

    It selects the Service that is there for it alone (``rollout/scraped.py``): of the others a pod may be behind two.
    """
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
                "matchLabels": dict(SCRAPED),
                "matchExpressions": [{"key": "app.kubernetes.io/name", "operator": "In", "values": list(names)}],
            },
            "podTargetLabels": list(POD_LABELS),
            "endpoints": [
                {"port": names_in_a_cluster[port], "path": path, "interval": interval, "scheme": "http"}
                for port, path in places(spec)
            ],
        },
    }


def prometheus_rule(deployment: Deployment, stage: str = "") -> Json:
    """The rules of a stage as the operator reads them."""
    name = deployment.spec.metadata.name
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": f"{name}-{stage}" if stage else name,
            "labels": {"app.kubernetes.io/name": name, **_MANAGED, **({STAGE: stage} if stage else {})},
        },
        "spec": rules_document(deployment, stage),
    }
