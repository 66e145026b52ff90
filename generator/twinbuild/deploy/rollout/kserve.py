"""KServe: an InferenceService whose predictor is the image itself."""

from __future__ import annotations

from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.deploy.rollout.kubernetes import around
from twinbuild.deploy.rollout.pod import pod_spec
from twinbuild.deploy.rollout.target import Target

__all__ = ["kserve", "why_not"]

_CONTAINER: Final = "kserve-container"  # the name that KServe takes for the one that answers
_MODE: Final = "serving.kserve.io/deploymentMode"


def why_not(target: Target) -> str:
    """Why there is no InferenceService; "" where there is one."""
    if len(target.spec.serving.ports) != 1:
        return f"an InferenceService has one port, and `serving.ports` has {len(target.spec.serving.ports)}"
    return ""


def kserve(target: Target) -> dict[str, Json]:
    """Documents by the name of their file; none where ``why_not`` says so.

    A canary is Knative's (it divides traffic by revision); its later steps are made by raising canaryTrafficPercent.
    """
    if why_not(target):
        return {}
    rollout = target.spec.rollout
    canary = rollout.strategy == "canary" and bool(rollout.steps) and rollout.steps[0].weight < 100
    replicas = rollout.replicas
    metadata = target.metadata()
    annotations = target.annotations() | {_MODE: "Serverless" if canary else "RawDeployment"}
    scaled: dict[str, Json] = {}
    if replicas.scaled and replicas.cpu is not None:
        scaled = {"scaleMetric": "cpu", "scaleTarget": replicas.cpu}
    elif replicas.scaled and replicas.memory is not None:
        scaled = {"scaleMetric": "memory", "scaleTarget": replicas.memory}
    pod = {key: value for key, value in pod_spec(target, container=_CONTAINER).items() if key != "enableServiceLinks"}
    found: dict[str, Json] = {
        "inferenceservice": {
            "apiVersion": "serving.kserve.io/v1beta1",
            "kind": "InferenceService",
            "metadata": {**metadata, "annotations": annotations},
            "spec": {
                "predictor": {
                    "minReplicas": replicas.minimum,
                    "maxReplicas": replicas.maximum or replicas.minimum,
                    **scaled,
                    **({"canaryTrafficPercent": rollout.steps[0].weight} if canary else {}),
                    "labels": target.labels(),
                    "annotations": target.annotations(),
                    **pod,
                }
            },
        }
    }
    everything = around(target, kind="Deployment", version="apps/v1")
    kept = ("serviceaccount", "networkpolicy", "service-metrics")
    return found | {name: everything[name] for name in kept if name in everything}
