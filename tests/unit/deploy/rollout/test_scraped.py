"""Each pod is scraped once, and its series say which version it is, whoever rolls it out."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.deploy.test_configuration import TEXT, deployment_of_text, spec_of

from fakes.deployed import a_target, deployed, documents, example
from twinbuild.deploy.files import deploy_files
from twinbuild.deploy.observability.monitor import service_monitor
from twinbuild.deploy.rollout.scraped import POD_LABELS, label_of, matchers_of, places, scraped_service
from twinbuild.model.promql.expression import TARGET_LABELS


def _selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """As a cluster decides."""
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    return wanted and all(labels.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", ()))


@pytest.mark.parametrize("system", ["kubernetes", "argo-rollouts", "flagger", "kserve"])
def test_one_service_of_each_system(system: str) -> None:
    """The monitor takes one of the Services that are rendered, and none of those that Flagger makes."""
    found = documents(deploy_files(deployed(example())))
    (monitor,) = [each for each in found.values() if each["kind"] == "ServiceMonitor"]
    selector = monitor["spec"]["selector"]
    own = [each for path, each in found.items() if path.startswith(f"{system}/production/")]
    taken = [each for each in own if each["kind"] == "Service" and _selects(selector, each["metadata"]["labels"])]
    assert [each["metadata"]["name"] for each in taken] == ["fraud-scorer-metrics"]
    # What Flagger labels its Services with, and the pods: the Deployment's, the primary's with another name.
    made = [f"fraud-scorer{each}" for each in ("", "-canary", "-primary")]
    assert not any(_selects(selector, {"app.kubernetes.io/name": each}) for each in made)
    labels = a_target().labels() | {"app.kubernetes.io/name": "fraud-scorer-primary"}
    assert taken[0]["spec"]["selector"].items() <= labels.items()
    assert [port["name"] for port in taken[0]["spec"]["ports"]] == [
        each["port"] for each in monitor["spec"]["endpoints"]
    ]


def test_labels_of_pods_are_labels_of_series() -> None:
    """What gates choose by is what the monitor copies, and an expression of one's own may ask for it."""
    monitor: Any = service_monitor(deployment_of_text(), ("fraud-scorer",))
    copied = {label_of(each) for each in monitor["spec"]["podTargetLabels"]}
    assert copied == {label_of(each) for each in POD_LABELS} <= TARGET_LABELS
    target = a_target()
    pods = {label_of(key): value for key, value in target.labels().items()}
    for matcher in matchers_of(target.spec, target.stage):
        name, _, value = matcher.partition("=")
        assert name in copied
        assert pods[name] == value.strip('"')


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
    assert scraped_service(a_target(text)) is None
