"""KServe."""

from __future__ import annotations

from typing import Any

from tests.unit.model.spec.test_rollout import with_rollout

from fakes.deployed import a_target, example
from twinbuild.deploy.rollout.kserve import kserve, why_not


def test_canary() -> None:
    """The first weight, by Knative, which divides traffic by revision."""
    found: Any = kserve(a_target())
    service = found["inferenceservice"]
    assert service["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] == "Serverless"
    predictor = service["spec"]["predictor"]
    assert predictor["canaryTrafficPercent"] == 10
    assert (predictor["minReplicas"], predictor["maxReplicas"], predictor["scaleTarget"]) == (2, 10, 70)
    assert predictor["containers"][0]["name"] == "kserve-container"
    assert predictor["containers"][0]["image"] == a_target().reference
    assert set(found) == {"inferenceservice", "serviceaccount", "networkpolicy", "service-metrics"}


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
