"""KServe: an InferenceService whose predictor is the image itself."""

from __future__ import annotations

from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.deploy.rollout.externalsecrets import secret_key
from twinbuild.deploy.rollout.kubernetes import around
from twinbuild.deploy.rollout.pod import pod_spec
from twinbuild.deploy.rollout.target import Target
from twinbuild.model.spec.external import secret_variable

__all__ = ["KNATIVE_PORTS", "features", "kserve", "left_to_people", "why_not"]

_CONTAINER: Final = "kserve-container"  # the name that KServe takes for the one that answers
_MODE: Final = "serving.kserve.io/deploymentMode"
# Knative's webhook (pkg/apis/serving/k8s_validation.go): what is its own, and what it lets through only with a feature.
KNATIVE_PORTS: Final = (8012, 8013, 8022, 9090, 9091)  # of its proxy: HTTP/1, HTTP/2, administration, two for metrics
_RESERVED_PORTS: Final = frozenset((*KNATIVE_PORTS, 8008))
_RESERVED_VARIABLES: Final = frozenset({"PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"})
_FEATURES: Final = {
    "affinity": "kubernetes.podspec-affinity",
    "tolerations": "kubernetes.podspec-tolerations",
    "topologySpreadConstraints": "kubernetes.podspec-topologyspreadconstraints",
}


def why_not(target: Target) -> str:
    """Why there is no InferenceService; "" where there is one."""
    ports = target.spec.serving.ports
    if len(ports) != 1:
        return f"an InferenceService has one port, and `serving.ports` has {len(ports)}"
    if reason := _not_as_written(target):
        return reason
    if not _canary(target):
        return ""
    if ports[0].port in _RESERVED_PORTS:
        return f"Knative, which divides a canary's traffic, keeps port {ports[0].port} for itself"
    taken = {secret_variable(each.name) for each in target.spec.secrets if secret_key(target, each) is not None}
    taken |= {each.environment for each in target.spec.services if each.environment is not None}
    if taken & _RESERVED_VARIABLES:
        return f"Knative, which divides a canary's traffic, keeps the variable {min(taken & _RESERVED_VARIABLES)}"
    return ""


def _not_as_written(target: Target) -> str:
    """Why the new version would not take over as the spec says. Applied, it has its first weight at once."""
    rollout = target.spec.rollout
    if rollout.strategy == "blue_green":
        return "KServe has no second Service that is switched: `blue_green` needs Argo Rollouts or Flagger"
    if rollout.shadow is not None:
        return "KServe has no experiment before the first step: `shadow` needs Argo Rollouts"
    first = rollout.steps[0].weight if rollout.steps else 100
    early = next((gate.name for gate in rollout.gates if gate.before <= first), None)
    if early is not None:
        return f"KServe gives the new version its first {first} % unasked, and gate `{early}` stands before them"
    if rollout.conditions and not _canary(target):
        name = rollout.conditions[0].name
        return f"KServe measures nothing, and without a first weight below 100 nobody can act on `{name}`"
    return ""


def left_to_people(target: Target) -> str:
    """What of a canary somebody must do by hand, as Markdown; "" where it is nothing or not rendered."""
    if why_not(target) or not _canary(target):
        return ""
    rollout = target.spec.rollout
    held = [each.name for each in rollout.conditions if each.kind == "promote"]
    before = [f"`{name}`" for name in (*held, *(gate.name for gate in rollout.gates))]
    back = [f"`{each.name}`" for each in rollout.conditions if each.kind == "rollback"]
    looks = f" only once {', '.join(before)} would let it" if before else ""
    said = "KServe measures nothing and asks nobody: raise `canaryTrafficPercent` to each next weight by hand"
    returns = f"; where {' or '.join(back)} holds, set it to 0" if back else ""
    return f"{said}{looks}{returns}."


def features(target: Target) -> tuple[str, ...]:
    """Features that Knative must have switched on for what the spec asks for, where it divides the traffic."""
    if why_not(target) or not _canary(target):
        return ()
    pod = _for_knative(target, pod_spec(target, container=_CONTAINER))
    return tuple(feature for key, feature in _FEATURES.items() if key in pod)


def _canary(target: Target) -> bool:
    rollout = target.spec.rollout
    return rollout.strategy == "canary" and bool(rollout.steps) and rollout.steps[0].weight < 100


def kserve(target: Target) -> dict[str, Json]:
    """Documents by the name of their file; none where ``why_not`` says so.

    A canary is Knative's (it divides traffic by revision); its later steps are made by raising canaryTrafficPercent.
    """
    if why_not(target):
        return {}
    rollout = target.spec.rollout
    canary = _canary(target)
    replicas = rollout.replicas
    metadata = target.metadata()
    annotations = target.annotations() | {_MODE: "Serverless" if canary else "RawDeployment"}
    scaled: dict[str, Json] = {}
    if canary:  # Knative scales by requests; it knows neither processors nor memory as a target of its own
        pass
    elif replicas.scaled and replicas.cpu is not None:
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
                    **(_for_knative(target, pod) if canary else pod),
                }
            },
        }
    }
    everything = around(target, kind="Deployment", version="apps/v1", more_ports=KNATIVE_PORTS if canary else ())
    kept = ("serviceaccount", "networkpolicy", "service-metrics")
    return found | {name: everything[name] for name in kept if name in everything}


def _of_the_pod(variable: Json) -> bool:
    """Whether a variable is read off the pod, which takes a feature, too: the release's digest, which is said there."""
    source = variable.get("valueFrom") if isinstance(variable, dict) else None
    return isinstance(source, dict) and "fieldRef" in source


def _for_knative(target: Target, pod: dict[str, Json]) -> dict[str, Json]:
    """The pod as Knative's webhook takes it without any of its features.

    What locks the pod down moves into its container. Only what the spec asks for by itself stays and needs a feature:
    labels of nodes, tolerations, spread.
    """
    labels = target.spec.environment.resources_of(target.variant).affinity
    left = {"terminationGracePeriodSeconds", "securityContext"} | (set() if labels else {"affinity"})
    kept = {key: value for key, value in pod.items() if key not in left}
    containers, security = pod["containers"], pod["securityContext"]
    assert isinstance(containers, list)
    assert isinstance(security, dict)
    (container,) = containers
    assert isinstance(container, dict)
    own, ports, variables = container["securityContext"], container["ports"], container["env"]
    assert isinstance(own, dict)
    assert isinstance(ports, list)
    assert isinstance(variables, list)
    told: list[Json] = [each for each in variables if not _of_the_pod(each)]
    nameless: list[Json] = [
        {key: value for key, value in port.items() if key != "name"} for port in ports if isinstance(port, dict)
    ]
    locked = own | {key: value for key, value in security.items() if key != "fsGroup"}
    changed: dict[str, Json] = {
        **{key: value for key, value in container.items() if key != "lifecycle"},
        "ports": nameless,
        "env": told,
        "securityContext": locked,
    }
    return kept | {"containers": [changed]}
