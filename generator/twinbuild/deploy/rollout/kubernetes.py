"""Plain Kubernetes: a Deployment with its Service, account, autoscaler, disruption budget and network policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from twinbuild.codec.canonical import Json
from twinbuild.deploy.rollout.conditions import seconds
from twinbuild.deploy.rollout.externalsecrets import external_secrets
from twinbuild.deploy.rollout.pod import pod_template, port_name
from twinbuild.deploy.rollout.scraped import scraped_service
from twinbuild.deploy.rollout.target import Target

__all__ = ["around", "autoscaler", "deployment", "kubernetes", "service"]

_OTLP: Final = (4317, 4318)  # gRPC, HTTP: OpenTelemetry Protocol, "OTLP/gRPC Default Port" and "OTLP/HTTP"
_DEFAULT_PORTS: Final = {"https": 443, "http": 80, "ssh": 22, "git+https": 443, "git+ssh": 22}


def kubernetes(target: Target) -> dict[str, Json]:
    """Documents by the name of their file."""
    found: dict[str, Json] = {"deployment": deployment(target)}
    if target.spec.serving.ports:
        found["service"] = service(target, target.name)
    return found | around(target, kind="Deployment", version="apps/v1")


def deployment(target: Target) -> Json:
    """A Deployment that replaces its pods one after the other."""
    rollout = target.spec.rollout
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": target.described(),
        "spec": {
            # Where an autoscaler decides, a number here would undo what it decided whenever the file is applied.
            **({} if rollout.replicas.scaled else {"replicas": rollout.replicas.minimum}),
            "revisionHistoryLimit": 3,
            "progressDeadlineSeconds": seconds(rollout.deadline),
            "selector": {"matchLabels": target.selector()},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": rollout.surge, "maxUnavailable": rollout.unavailable},
            },
            "template": pod_template(target),
        },
    }


def service(target: Target, name: str) -> Json:
    """A Service of that name before the pods; whatever moves the traffic narrows its selector."""
    ports: list[Json] = [
        {"name": port_name(each), "port": each.port, "targetPort": each.port, "protocol": "TCP"}
        for each in target.spec.serving.ports
    ]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": target.metadata(name),
        "spec": {"type": "ClusterIP", "selector": target.selector(), "ports": ports},
    }


def around(target: Target, *, kind: str, version: str, more_ports: tuple[int, ...] = ()) -> dict[str, Json]:
    """What stands around the pods, whichever ``kind`` (of API ``version``) makes them.

    ``more_ports`` are those of what it puts beside the service.
    """
    found: dict[str, Json] = {
        "serviceaccount": {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": target.metadata(),
            "automountServiceAccountToken": False,
        },
        "poddisruptionbudget": {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": target.metadata(),
            "spec": {
                "maxUnavailable": target.spec.rollout.disruption.unavailable,
                "selector": {"matchLabels": target.all_of_it()},
            },
        },
        "networkpolicy": _network_policy(target, more_ports),
    }
    if (scraped := scraped_service(target)) is not None:
        found["service-metrics"] = scraped
    if target.spec.rollout.replicas.scaled:
        found["horizontalpodautoscaler"] = autoscaler(target, kind=kind, version=version)
    return found | external_secrets(target)


def autoscaler(target: Target, *, kind: str, version: str) -> Json:
    """A HorizontalPodAutoscaler of what makes the pods."""
    replicas = target.spec.rollout.replicas
    metrics: list[Json] = [
        {"type": "Resource", "resource": {"name": name, "target": {"type": "Utilization", "averageUtilization": share}}}
        for name, share in (("cpu", replicas.cpu), ("memory", replicas.memory))
        if share is not None
    ]
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": target.metadata(),
        "spec": {
            "scaleTargetRef": {"apiVersion": version, "kind": kind, "name": target.name},
            "minReplicas": replicas.minimum,
            "maxReplicas": replicas.maximum,
            "metrics": metrics,
        },
    }


def _network_policy(target: Target, more_ports: tuple[int, ...]) -> Json:
    """In: the ports that the service listens on. Out: names, and the ports of the services that the spec declares."""
    ports = dict.fromkeys((*(each.port for each in target.spec.serving.ports), *more_ports))
    inward: list[Json] = [{"port": port, "protocol": "TCP"} for port in ports]
    names: list[Json] = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
    outward: list[Json] = [{"port": port, "protocol": "TCP"} for port in sorted(set(_outward(target)))]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": target.metadata(),
        "spec": {
            "podSelector": {"matchLabels": target.all_of_it()},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"ports": inward}] if inward else [],
            "egress": [{"ports": names + outward}],
        },
    }


def _outward(target: Target) -> Iterator[int]:
    for each in target.spec.services:
        yield _port_of(each.endpoint)
    tracing = target.spec.observability.tracing
    if tracing.endpoint is not None:
        yield _port_of(tracing.endpoint)
    elif tracing.enabled and tracing.exporter == "otlp":
        yield from _OTLP


def _port_of(address: str) -> int:
    parts = urlsplit(address)
    return _DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
