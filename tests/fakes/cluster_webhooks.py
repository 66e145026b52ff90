"""What admission webhooks refuse that no schema does: those of KServe and, where it divides the traffic, of Knative.

KServe: pkg/apis/serving/v1beta1/inference_service_validation.go (name, metric of scaling by mode). Knative:
pkg/apis/serving/k8s_validation.go and fieldmask.go, with every feature switched off as it is by default, but those that
a spec asks for by itself (nodes, tolerations, spread), which deploy/rollout.md names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

__all__ = ["inference_service"]

_NAME: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_METRICS: Final = {"Serverless": ("concurrency", "rps"), "RawDeployment": ("cpu", "memory")}
_POD: Final = frozenset(  # PodSpecMask
    {"serviceAccountName", "containers", "volumes", "imagePullSecrets", "automountServiceAccountToken"}
    | {"affinity", "tolerations", "topologySpreadConstraints"}  # features that a spec may ask for
)
_COMPONENT: Final = frozenset(  # KServe's own keys of a predictor
    {"minReplicas", "maxReplicas", "scaleMetric", "scaleTarget", "canaryTrafficPercent", "labels", "annotations"}
)
_CONTAINER: Final = frozenset(  # ContainerMask
    {"name", "args", "command", "env", "workingDir", "envFrom", "image", "imagePullPolicy", "livenessProbe", "ports"}
    | {"readinessProbe", "resources", "securityContext", "startupProbe", "terminationMessagePath"}
    | {"terminationMessagePolicy", "volumeMounts"}
)
_SECURITY: Final = frozenset(  # SecurityContextMask
    {"capabilities", "readOnlyRootFilesystem", "runAsUser", "runAsGroup", "runAsNonRoot", "allowPrivilegeEscalation"}
    | {"seccompProfile", "privileged"}
)
_PORTS: Final = frozenset({8008, 8012, 8013, 8022, 9090, 9091})
_VARIABLES: Final = frozenset({"PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"})
_SOURCES: Final = frozenset({"configMapKeyRef", "secretKeyRef"})
_VOLUMES: Final = frozenset({"secret", "configMap", "projected", "emptyDir"})


def inference_service(document: dict[str, Any]) -> Iterator[str]:
    """What the webhooks would say of an InferenceService."""
    if not _NAME.fullmatch(str(document["metadata"].get("name"))):
        yield "/metadata/name: KServe takes no such name"
    mode = str(document["metadata"].get("annotations", {}).get("serving.kserve.io/deploymentMode"))
    predictor = document.get("spec", {}).get("predictor", {})
    metric = predictor.get("scaleMetric")
    if metric is not None and metric not in _METRICS.get(mode, ()):
        yield f"/spec/predictor/scaleMetric: [{metric}] is not a supported metric of {mode}"
    if mode == "Serverless":
        yield from _knative(predictor, "/spec/predictor")


def _knative(pod: dict[str, Any], where: str) -> Iterator[str]:
    for key in pod.keys() - _POD - _COMPONENT:
        yield f"{where}/{key}: must not set the field"
    if pod.get("automountServiceAccountToken", False) is not False:
        yield f"{where}/automountServiceAccountToken: must not set the field"
    for index, volume in enumerate(pod.get("volumes", ())):
        if len(volume.keys() - {"name"}) != 1 or not volume.keys() & _VOLUMES:
            yield f"{where}/volumes/{index}: expected exactly one of {sorted(_VOLUMES)}"
    for index, container in enumerate(pod.get("containers", ())):
        yield from _container(container, f"{where}/containers/{index}")


def _container(container: dict[str, Any], where: str) -> Iterator[str]:
    for key in container.keys() - _CONTAINER:
        yield f"{where}/{key}: must not set the field"
    for key in container.get("securityContext", {}).keys() - _SECURITY:
        yield f"{where}/securityContext/{key}: must not set the field"
    ports = container.get("ports", ())
    if len(ports) > 1:
        yield f"{where}/ports: more than one container port is set"
    for each in ports:
        if each.get("name", "") not in ("", "h2c", "http1"):
            yield f"{where}/ports: port name {each['name']} is not allowed"
        if each.get("containerPort") in _PORTS:
            yield f"{where}/ports: {each['containerPort']} is a reserved port"
    for each in container.get("env", ()):
        if each.get("name") in _VARIABLES:
            yield f"{where}/env: {each['name']} is a reserved environment variable"
        for key in each.get("valueFrom", {}).keys() - _SOURCES:
            yield f"{where}/env/{each['name']}/{key}: must not set the field"
