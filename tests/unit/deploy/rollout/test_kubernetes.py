"""Plain Kubernetes."""

from __future__ import annotations

from typing import Any

import pytest

from fakes.deployed import a_target, example, example_unchanged
from twinbuild.deploy.rollout.kubernetes import _port_of, kubernetes

SERVICES = """
services:
  - {name: features, endpoint: "https://features.example:8443/v1", purpose: x}
  - {name: limits, endpoint: "http://limits.example", purpose: x}
"""


def test_kinds() -> None:
    """One file a kind; every object has the same name and labels."""
    found: Any = kubernetes(a_target())
    assert {name: document["kind"] for name, document in found.items()} == {
        "deployment": "Deployment",
        "service": "Service",
        "service-metrics": "Service",
        "serviceaccount": "ServiceAccount",
        "poddisruptionbudget": "PodDisruptionBudget",
        "networkpolicy": "NetworkPolicy",
        "horizontalpodautoscaler": "HorizontalPodAutoscaler",
    }
    names = {document["metadata"]["name"] for name, document in found.items() if name != "service-metrics"}
    assert names == {"fraud-scorer"}


def test_autoscaler_decides() -> None:
    """Where one is, the Deployment has no number of its own; where none is, it has."""
    found: Any = kubernetes(a_target())
    assert "replicas" not in found["deployment"]["spec"]
    scaler = found["horizontalpodautoscaler"]["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 10)
    assert scaler["metrics"][0]["resource"]["target"]["averageUtilization"] == 70
    fixed: Any = kubernetes(a_target(example().replace("minimum: 2, maximum: 10, cpu: 70", "minimum: 4")))
    assert fixed["deployment"]["spec"]["replicas"] == 4
    assert "horizontalpodautoscaler" not in fixed


def test_traffic_that_is_declared() -> None:
    """In to the service's ports; out to names and the ports of declared services, and of traces where they are sent."""
    text = example().replace(
        "  logs: {format", "  tracing: {enabled: true, exporter: otlp, sample_ratio: 0.5}\n  logs: {format"
    )
    policy: Any = kubernetes(a_target(text + SERVICES))["networkpolicy"]
    (ingress,), (egress,) = policy["spec"]["ingress"], policy["spec"]["egress"]
    assert [each["port"] for each in ingress["ports"]] == [8000]
    assert [each["port"] for each in egress["ports"]] == [53, 53, 80, 4317, 4318, 8443]


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("https://api.example:8443?x=1", 8443),
        ("https://api.example?x=a:1", 443),
        ("https://api.example/a:1#b:2", 443),
        ("HTTPS://a.b/", 443),
        ("http://[2001:db8::1]", 80),
        ("http://[2001:db8::1]:8080/x", 8080),
        ("git+ssh://a.b", 22),
    ],
)
def test_the_port_of_an_address(address: str, port: int) -> None:
    """That of its authority, and of nothing behind it; else the scheme's."""
    assert _port_of(address) == port


def test_where_traces_go() -> None:
    """Out to the port of the collector that the spec names."""
    traced = example("text-embedder")
    policy: Any = kubernetes(a_target(traced.replace("observability:4318", "observability:9999")))["networkpolicy"]
    assert [each["port"] for each in policy["spec"]["egress"][0]["ports"]] == [53, 53, 443, 9999]


def test_no_ports() -> None:
    """No Service, and nothing comes in."""
    before, _, rest = example_unchanged().partition("  ports:\n")
    text = before + rest[rest.index("  user:") :]
    before, _, rest = text.partition("  health:\n")
    found: Any = kubernetes(a_target(before + rest[rest.index("\nrollout:") :]))
    assert "service" not in found
    assert "service-metrics" not in found
    assert found["networkpolicy"]["spec"]["ingress"] == []
