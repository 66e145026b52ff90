"""KServe."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.model.spec.test_rollout import with_rollout

from fakes.deployed import a_target, example
from twinbuild.deploy.rollout.kserve import features, kserve, left_to_people, why_not

CONDITION = "{name: fine, metric: fraud_request_errors_total, operator: '<', threshold: 1, window: 5m}"


def test_canary() -> None:
    """The first weight, by Knative, which divides traffic by revision."""
    found: Any = kserve(a_target())
    service = found["inferenceservice"]
    assert service["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] == "Serverless"
    predictor = service["spec"]["predictor"]
    assert predictor["canaryTrafficPercent"] == 10
    assert (predictor["minReplicas"], predictor["maxReplicas"]) == (2, 10)
    assert predictor["containers"][0]["name"] == "kserve-container"
    assert predictor["containers"][0]["image"] == a_target().reference
    assert set(found) == {"inferenceservice", "serviceaccount", "networkpolicy", "service-metrics"}


def test_what_knative_takes() -> None:
    """No name of a port, no target that it does not know, nothing that needs a feature unless the spec asks for it."""
    found: Any = kserve(a_target())
    predictor = found["inferenceservice"]["spec"]["predictor"]
    left = ("scaleMetric", "scaleTarget", "terminationGracePeriodSeconds", "securityContext", "affinity")
    assert not set(left) & set(predictor)
    (container,) = predictor["containers"]
    assert container["ports"] == [{"containerPort": 8000, "protocol": "TCP"}]
    assert "lifecycle" not in container
    assert [each["name"] for each in container["env"]] == ["TWINBUILD_IMAGE"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    (inward,) = found["networkpolicy"]["spec"]["ingress"]
    assert {8000, 8012, 8013, 8022} <= {each["port"] for each in inward["ports"]}
    assert features(a_target()) == ("kubernetes.podspec-topologyspreadconstraints",)
    nodes = example().replace("  resources:\n", "  resources:\n    affinity: [{key: pool, values: [gpu]}]\n", 1)
    assert "kubernetes.podspec-affinity" in features(a_target(nodes))
    assert features(a_target(with_rollout("strategy: rolling"))) == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (example().replace("port: 8000", "port: 8012"), "port 8012"),
        (example() + "secrets: [{name: port, provider: kubernetes, reference: a/b, purpose: x}]\n", "variable PORT"),
    ],
)
def test_what_knative_keeps_for_itself(text: str, reason: str) -> None:
    """A canary with it is not rendered, and says why; without a canary there is no Knative."""
    assert kserve(a_target(text)) == {}
    assert reason in why_not(a_target(text))
    before, _, rest = text.partition("rollout:\n")
    assert why_not(a_target(f"{before}rollout:\n  strategy: rolling\n{rest[rest.index('observability:') :]}")) == ""


def test_others() -> None:
    """Without a canary plain Deployments do; memory can be the target."""
    text = with_rollout("strategy: rolling\nreplicas: {minimum: 1, maximum: 3, memory: 60}")
    service: Any = kserve(a_target(text))["inferenceservice"]
    assert service["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] == "RawDeployment"
    assert service["spec"]["predictor"]["scaleMetric"] == "memory"
    assert "canaryTrafficPercent" not in service["spec"]["predictor"]


def test_several_ports() -> None:
    """It takes one; what has two is not rendered, and says why."""
    target = a_target(
        example().replace(
            "    - {name: http, port: 8000}\n", "    - {name: http, port: 8000}\n    - {name: b, port: 9}\n"
        )
    )
    assert kserve(target) == {}
    assert "has 2" in why_not(target)


@pytest.mark.parametrize(
    ("rollout", "reason"),
    [
        (f"strategy: blue_green\npromote: [{CONDITION}]\ngates: [{{name: review}}]", "no second Service"),
        ("strategy: canary\nsteps: [{weight: 5}]\nshadow: {duration: 30m}", "no experiment"),
        ("strategy: canary\nsteps: [{weight: 5}]\ngates: [{name: review, before: 5}]", "its first 5 % unasked"),
        ("strategy: canary\nsteps: [{weight: 100}]\ngates: [{name: review}]", "gate `review` stands before"),
        (f"strategy: rolling\nrollback: [{CONDITION}]", "nobody can act on `fine`"),
        (f"strategy: canary\nsteps: [{{weight: 100}}]\npromote: [{CONDITION}]", "nobody can act on `fine`"),
        ("strategy: canary\nsteps: [{weight: 5}]\ngates: [{name: review}]", ""),
    ],
)
def test_what_it_cannot_do(rollout: str, reason: str) -> None:
    """Nothing is rendered as if KServe would switch, wait or measure."""
    target = a_target(with_rollout(rollout))
    assert reason in why_not(target)
    assert bool(why_not(target)) is bool(reason)
    assert bool(kserve(target)) is not bool(reason)
    assert bool(left_to_people(target)) is not bool(reason)


def test_what_is_left_to_people() -> None:
    """What holds a canary's steps back, and what brings the old version back, is looked at by somebody."""
    said = left_to_people(a_target())
    assert "only once `answers-in-time`" in said
    assert "`model-review` would let it" in said
    assert "`many-errors`" in said
    assert "set it to 0" in said
    assert "would let it" not in left_to_people(a_target(with_rollout("strategy: canary\nsteps: [{weight: 5}]")))
    assert left_to_people(a_target(with_rollout("strategy: rolling"))) == ""
