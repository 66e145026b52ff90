"""Where Prometheus finds the pods: one Service for it alone, so that each pod is scraped once, whatever its version.

A pod stands behind several of the other Services at times: behind NAME and NAME-canary between two rollouts of Argo
Rollouts, behind NAME and NAME-primary with Flagger. What tells versions apart are labels of the pods themselves.
"""

from __future__ import annotations

from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.deploy.rollout.pod import port_name
from twinbuild.deploy.rollout.target import STAGE, VERSION, Target, version_label
from twinbuild.model.promql.series import quoted
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["ARGO_HASH", "NAME", "POD_LABELS", "SCRAPED", "label_of", "matchers_of", "places", "scraped_service"]

NAME: Final = "app.kubernetes.io/name"
ARGO_HASH: Final = "rollouts-pod-template-hash"  # Argo Rollouts puts it on every pod: one value a version
POD_LABELS: Final = (NAME, VERSION, STAGE, ARGO_HASH)
"""Labels of pods that every series of theirs carries."""
SCRAPED: Final[dict[str, Json]] = {"app.kubernetes.io/component": "metrics"}


def label_of(key: str) -> str:
    """A label of a pod as Prometheus names it: ``app.kubernetes.io/name`` is ``app_kubernetes_io_name``."""
    return "".join(each if each.isalnum() else "_" for each in key)


def matchers_of(spec: ReleaseSpec, stage: str) -> tuple[str, ...]:
    """What chooses the pods of this version, in this stage ("": in whichever)."""
    version = f"{label_of(VERSION)}={quoted(version_label(spec))}"
    return (version, f"{label_of(STAGE)}={quoted(stage)}") if stage else (version,)


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


def scraped_service(target: Target) -> Json | None:
    """A headless Service before all pods of all versions, by the label that no controller changes."""
    wanted = {port for port, _ in places(target.spec)}
    ports: list[Json] = [
        {"name": port_name(each), "port": each.port, "targetPort": each.port, "protocol": "TCP"}
        for each in target.spec.serving.ports
        if each.name in wanted
    ]
    if not ports:
        return None
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"{target.name}-metrics", "labels": target.labels() | SCRAPED},
        "spec": {"type": "ClusterIP", "clusterIP": "None", "selector": target.all_of_it(), "ports": ports},
    }
