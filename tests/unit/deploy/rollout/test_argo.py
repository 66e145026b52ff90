"""Argo Rollouts."""

from __future__ import annotations

from typing import Any

from tests.unit.model.spec.test_rollout import with_rollout

from fakes.deployed import a_target, example, example_unchanged
from twinbuild.deploy.rollout.argo import argo_rollouts, why_not

CONDITION = "{name: fine, metric: fraud_request_errors_total, operator: '<', threshold: 1, window: 5m, rate: 1m}"
LATEST = [
    {"name": "pod-hash", "valueFrom": {"podTemplateHashValue": "Latest"}},
    {"name": "namespace", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
]
BASELINE = f"registry.example/old@sha256:{'0' * 64}"


def test_steps() -> None:
    """Weight, pause, measurement; the gate stands before the promotion, after which nothing waits."""
    steps: Any = argo_rollouts(a_target())["rollout"]
    steps = steps["spec"]["strategy"]["canary"]["steps"]
    assert [next(iter(step)) for step in steps] == [
        *("setWeight", "pause", "analysis", "setWeight", "pause", "analysis", "pause", "setWeight"),
    ]
    assert steps[1] == {"pause": {"duration": "5m"}}
    assert steps[6:] == [{"pause": {}}, {"setWeight": 100}]


def test_a_step_that_waits_for_somebody() -> None:
    """A step without a pause is a gate; the last one, below 100, too."""
    text = with_rollout("strategy: canary\nsteps: [{weight: 5}, {weight: 50, pause: 0s}]\ngates: [{name: end}]")
    rollout: Any = argo_rollouts(a_target(text))["rollout"]
    assert rollout["spec"]["strategy"]["canary"]["steps"] == [
        *({"setWeight": 5}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}),
    ]


def test_measurements() -> None:
    """Promotion: nothing measured is neither success nor failure. Rollback: nothing measured is success."""
    found: Any = argo_rollouts(a_target())
    promote = found["analysis-promote"]["spec"]["metrics"][0]
    assert promote["successCondition"] == "len(result) > 0 && !isNaN(result[0]) && result[0] < 0.1"
    assert promote["failureCondition"] == "len(result) > 0 && !isNaN(result[0]) && !(result[0] < 0.1)"
    assert (promote["count"], promote["failureLimit"]) == (1, 0)
    rollback = found["analysis-rollback"]["spec"]["metrics"][0]
    assert rollback["successCondition"] == "!(len(result) > 0 && !isNaN(result[0]) && result[0] > 0.05)"
    assert rollback["failureCondition"] == "len(result) > 0 && !isNaN(result[0]) && result[0] > 0.05"
    assert rollback["failureLimit"] == 4
    assert "count" not in rollback
    matchers = '{rollouts_pod_template_hash="{{args.pod-hash}}",namespace=~"{{args.namespace}}"}'
    assert rollback["provider"]["prometheus"]["query"].count(matchers) == 2
    assert found["analysis-rollback"]["spec"]["args"] == [{"name": "pod-hash"}, {"name": "namespace", "value": ".*"}]


def test_canary_is_what_is_measured() -> None:
    """Pods of the new version, by their hash: what the old one did before, behind the same Service, does not count."""
    rollout: Any = argo_rollouts(a_target())["rollout"]
    canary = rollout["spec"]["strategy"]["canary"]
    assert (canary["stableService"], canary["canaryService"]) == ("fraud-scorer", "fraud-scorer-canary")
    assert canary["analysis"]["args"] == LATEST
    (step,) = [each["analysis"] for each in canary["steps"][:3] if "analysis" in each]
    assert step["args"] == LATEST
    assert canary["trafficRouting"] == {"nginx": {"stableIngress": "fraud-scorer"}}


def test_blue_green() -> None:
    """Measured behind a Service of its own before the switch, and after it for a while."""
    text = with_rollout(f"strategy: blue_green\npromote: [{CONDITION}]\nrollback: [{CONDITION.replace('fine', 'bad')}]")
    found: Any = argo_rollouts(a_target(text))
    strategy = found["rollout"]["spec"]["strategy"]["blueGreen"]
    assert (strategy["activeService"], strategy["previewService"]) == ("fraud-scorer", "fraud-scorer-preview")
    assert strategy["autoPromotionEnabled"] is True
    assert strategy["prePromotionAnalysis"]["args"] == strategy["postPromotionAnalysis"]["args"] == LATEST
    assert found["analysis-rollback"]["spec"]["metrics"][0]["count"] == 5
    assert "service-preview" in found
    gated: Any = argo_rollouts(a_target(with_rollout("strategy: blue_green\ngates: [{name: review}]")))
    assert gated["rollout"]["spec"]["strategy"]["blueGreen"]["autoPromotionEnabled"] is False


def test_rolling() -> None:
    """A Rollout without steps replaces its pods one after the other, and is still watched."""
    found: Any = argo_rollouts(a_target(with_rollout(f"strategy: rolling\nrollback: [{CONDITION}]")))
    canary = found["rollout"]["spec"]["strategy"]["canary"]
    assert "steps" not in canary
    assert canary["analysis"]["args"] == LATEST
    assert found["rollout"]["spec"]["replicas"] == 1


def test_istio() -> None:
    """The other router."""
    text = with_rollout("strategy: canary\nsteps: [{weight: 5}]\ntraffic: {router: istio, route: scorer}")
    rollout: Any = argo_rollouts(a_target(text))["rollout"]
    assert rollout["spec"]["strategy"]["canary"]["trafficRouting"] == {"istio": {"virtualService": {"name": "scorer"}}}


def test_shadow() -> None:
    """An experiment before the first step, and one apart with the old image by digest."""
    text = with_rollout(
        f"strategy: canary\nsteps: [{{weight: 5}}]\npromote: [{CONDITION}]\n"
        f"shadow: {{duration: 30m, baseline: '{BASELINE}'}}"
    )
    found: Any = argo_rollouts(a_target(text))
    first = found["rollout"]["spec"]["strategy"]["canary"]["steps"][0]["experiment"]
    assert first["duration"] == "30m"
    assert [each["specRef"] for each in first["templates"]] == ["stable", "canary"]
    candidate = {"name": "pod-hash", "value": "{{templates.candidate.podTemplateHash}}"}
    assert first["analyses"] == [
        {"name": "promote", "templateName": "fraud-scorer-promote", "args": [candidate, LATEST[1]]}
    ]
    spec = found["experiment"]["spec"]
    assert spec["analyses"][0]["args"] == [candidate]
    scraped = found["service-metrics"]["spec"]["selector"].items()
    assert all(scraped <= each["template"]["metadata"]["labels"].items() for each in spec["templates"])
    images = [each["template"]["spec"]["containers"][0]["image"] for each in spec["templates"]]
    assert images == [BASELINE, a_target(text).reference]
    assert "experiment" not in argo_rollouts(a_target(text.replace(f", baseline: '{BASELINE}'", "")))


def test_shadow_of_blue_green() -> None:
    """There is no step before the switch; with a baseline the experiment apart is there all the same."""
    text = with_rollout(f"strategy: blue_green\nshadow: {{duration: 30m, baseline: '{BASELINE}'}}")
    found: Any = argo_rollouts(a_target(text))
    assert found["experiment"]["spec"]["duration"] == "30m"
    assert "steps" not in found["rollout"]["spec"]["strategy"]["blueGreen"]


def test_nothing_to_switch() -> None:
    """Blue/green without a port is not rendered, and says why."""
    before, _, rest = example_unchanged().partition("rollout:\n")
    text = f"{before}rollout:\n  strategy: blue_green\n\n{rest[rest.index('observability:') :]}"
    before, _, rest = text.partition("  ports:\n")
    text = before + rest[rest.index("  user:") :]
    before, _, rest = text.partition("  health:\n")
    target = a_target(before + rest[rest.index("\nrollout:") :])
    assert argo_rollouts(target) == {}
    assert "serving.ports" in why_not(target)
    assert why_not(a_target(example())) == ""
