"""Objects for the Prometheus operator; ``oracle/test_cluster_schemas.py`` validates them."""

from __future__ import annotations

from typing import Any

from tests.unit.deploy.test_configuration import TEXT, deployment_of_text, spec_of

from twinbuild.deploy.observability.monitor import places, prometheus_rule, service_monitor
from twinbuild.deploy.observability.rules import rules_document


def test_places() -> None:
    """The usual place, and those of metrics with one of their own, each once."""
    assert places(spec_of()) == (("http", "/metrics"),)
    own = TEXT.replace("type: histogram,", "type: histogram, port: 9000, path: /more,").replace(
        "    - {name: http, port: 8000}", "    - {name: http, port: 8000}\n    - {name: admin, port: 9000}"
    )
    assert places(spec_of(own)) == (("http", "/metrics"), ("admin", "/more"))


def test_nothing_to_scrape() -> None:
    """Metrics of the mesh are scraped elsewhere."""
    text = TEXT[: TEXT.index("rollout:")] + TEXT[TEXT.index("publish:") :]
    assert places(spec_of(text)) == ()


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
