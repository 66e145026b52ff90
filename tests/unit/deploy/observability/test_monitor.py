"""Objects for the Prometheus operator; ``oracle/test_cluster_schemas.py`` validates them."""

from __future__ import annotations

from typing import Any

from tests.unit.deploy.test_configuration import deployment_of_text

from twinbuild.deploy.observability.monitor import prometheus_rule, service_monitor
from twinbuild.deploy.observability.rules import rules_document


def test_the_job_is_the_name() -> None:
    """As alerts on `up` expect it."""
    monitor: Any = service_monitor(deployment_of_text(), ("fraud-scorer",))
    assert monitor["spec"]["jobLabel"] == "app.kubernetes.io/name"
    assert monitor["spec"]["endpoints"] == [{"port": "http", "path": "/metrics", "interval": "30s", "scheme": "http"}]


def test_one_set_of_rules() -> None:
    """The object holds what the file holds."""
    deployment = deployment_of_text()
    rule: Any = prometheus_rule(deployment)
    assert rule["spec"] == rules_document(deployment)
