"""The pod: the image by digest, locked down, with the probes, resources and secrets that the spec names."""

from __future__ import annotations

import re
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.deploy.observability.environment import IMAGE, OTLP_PORT, RELEASE, tracing_environment
from twinbuild.deploy.requirements import needs_of
from twinbuild.deploy.rollout.conditions import seconds
from twinbuild.deploy.rollout.externalsecrets import secret_key
from twinbuild.deploy.rollout.target import PREFIX, Target
from twinbuild.model.knobs import LIVE
from twinbuild.model.spec.external import secret_variable
from twinbuild.model.spec.serving import NamedPort, Probe

__all__ = ["container_of", "pod_spec", "pod_template", "port_name"]

_DEVICES: Final = {"cuda": "nvidia.com/gpu", "rocm": "amd.com/gpu"}
_CONTAINER: Final = "server"
_SETTLING: Final = 5  # seconds until nobody sends requests to a pod that was taken out of its Services
_PORT: Final = re.compile(r"(?=[0-9-]*[a-z])(?!.*--)[a-z0-9-]{1,15}", re.ASCII)


def pod_template(target: Target) -> dict[str, Json]:
    """Metadata and specification of a pod."""
    annotations = target.annotations()
    if target.spec.environment.resources_of(target.variant).gpu.kind is not None:
        annotations[f"{PREFIX}/gpu-kind"] = target.spec.environment.resources_of(target.variant).gpu.kind
    return {"metadata": {"labels": target.labels(), "annotations": annotations}, "spec": pod_spec(target)}


def pod_spec(target: Target, *, container: str = _CONTAINER) -> dict[str, Json]:
    """A pod without rights: no token, no root, no writable file system but an empty /tmp."""
    spec = target.spec
    resources = spec.environment.resources_of(target.variant)
    user = spec.serving.user
    tolerations: list[Json] = [
        {
            "key": each.key,
            "operator": each.operator,
            **({"value": each.value} if each.value is not None else {}),
            **({"effect": each.effect} if each.effect is not None else {}),
        }
        for each in resources.tolerations
    ]
    spread: list[Json] = [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": target.all_of_it()},
        }
        for key in spec.rollout.spread
    ]
    return {
        "serviceAccountName": target.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": seconds(spec.rollout.drain) + (_SETTLING if spec.serving.ports else 0),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": user.uid,
            "runAsGroup": user.gid,
            "fsGroup": user.gid,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "affinity": _affinity(target),
        **({"tolerations": tolerations} if tolerations else {}),
        **({"topologySpreadConstraints": spread} if spread else {}),
        "containers": [container_of(target, name=container)],
        "volumes": [{"name": "tmp", "emptyDir": {}}, *_shared_memory(target), *_live(target)],
    }


def container_of(target: Target, *, name: str = _CONTAINER) -> dict[str, Json]:
    """The one container. What it runs stands in the image."""
    spec = target.spec
    health = spec.serving.health
    ports: list[Json] = [
        {"name": port_name(each), "containerPort": each.port, "protocol": "TCP"} for each in spec.serving.ports
    ]
    probes: dict[str, Json] = {
        key: probe
        for key, probe in (
            ("startupProbe", _startup(target)),
            ("readinessProbe", _probe(health.readiness)),
            ("livenessProbe", _probe(health.liveness)),
        )
        if probe is not None
    }
    # Requests still arrive for a moment after a pod's end has begun: it goes on answering before it is told.
    draining: dict[str, Json] = {"preStop": {"sleep": {"seconds": _SETTLING}}}
    secrets: list[Json] = []
    for secret in spec.secrets:
        if (found := secret_key(target, secret)) is not None:
            where, key = found
            reference: Json = {"secretKeyRef": {"name": where, "key": key}}
            secrets.append({"name": secret_variable(secret.name), "valueFrom": reference})
    variables = [*secrets, *_watched(target)]
    resources = _resources(target)
    mounts: list[Json] = [{"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108  of the container
    if target.shared_memory:
        mounts.append({"name": "shared-memory", "mountPath": "/dev/shm"})  # noqa: S108
    if target.live:
        mounts.append({"name": "live", "mountPath": LIVE, "readOnly": True})
    return {
        "name": name,
        "image": target.reference,
        "imagePullPolicy": "IfNotPresent",
        **({"ports": ports} if ports else {}),
        **({"envFrom": [{"configMapRef": {"name": target.configuration}}]} if target.configuration else {}),
        "env": variables,
        **({"resources": resources} if resources else {}),
        **probes,
        **({"lifecycle": draining} if ports else {}),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": mounts,
    }


def _watched(target: Target) -> list[Json]:
    """Which image and release it is, where traces go (the collector beside it), and addresses of other services."""
    spec, image = target.spec, str(target.image.digest)
    found: list[Json] = [{"name": IMAGE, "value": image}]
    # Known once the release is described: whoever promotes it annotates the pods with it.
    annotation = f"metadata.annotations['{PREFIX}/release-digest']"
    found.append({"name": RELEASE, "valueFrom": {"fieldRef": {"fieldPath": annotation}}})
    endpoint = spec.observability.tracing.endpoint or f"http://localhost:{OTLP_PORT}"
    values = list(tracing_environment(spec, image=image, release="", endpoint=endpoint))
    values += [(service.environment, service.endpoint) for service in spec.services if service.environment is not None]
    found += [{"name": name, "value": value} for name, value in values]
    return found


def _shared_memory(target: Target) -> list[Json]:
    if not target.shared_memory:
        return []
    return [{"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": target.shared_memory}}]


def _live(target: Target) -> list[Json]:
    """A ConfigMap of what is changed while it runs: the whole directory, for a single file of it would never change."""
    if not target.live:
        return []
    return [{"name": "live", "configMap": {"name": target.live, "optional": True}}]


def port_name(port: NamedPort) -> str:
    """A port's own name where Kubernetes takes it (15 characters, RFC 6335), else its number."""
    return port.name if _PORT.fullmatch(port.name) else f"port-{port.port}"


def _startup(target: Target) -> dict[str, Json] | None:
    """The probe of the start: where none is declared, that of liveness, for as long as the rollout gives new pods.

    Without one a service that loads a large model would be killed before it has ever answered.
    """
    health, deadline = target.spec.serving.health, seconds(target.spec.rollout.deadline)
    if health.startup is not None or health.liveness is None:
        return _probe(health.startup)
    found = _probe(health.liveness) or {}
    period = max(1, seconds(health.liveness.period))
    return found | {"failureThreshold": max(health.liveness.failures, -(-deadline // period))}


def _probe(probe: Probe | None) -> dict[str, Json] | None:
    if probe is None:
        return None
    return {
        "httpGet": {"path": probe.path, "port": probe.port},
        **({"initialDelaySeconds": seconds(probe.initial_delay)} if probe.initial_delay else {}),
        "periodSeconds": max(1, seconds(probe.period)),
        "timeoutSeconds": max(1, seconds(probe.timeout)),
        "failureThreshold": probe.failures,
    }


def _resources(target: Target) -> dict[str, Json]:
    resources = target.spec.environment.resources_of(target.variant)
    found: dict[str, dict[str, Json]] = {"requests": {}, "limits": {}}
    for name, amount in (("cpu", resources.cpu), ("memory", resources.memory)):
        for kind, quantity in (("requests", amount.request), ("limits", amount.limit)):
            if quantity is not None:
                found[kind][name] = quantity
    needs = needs_of(target.spec, target.variant)
    if needs.devices:
        found["limits"][_DEVICES[needs.accelerator]] = str(needs.devices)
    return {kind: dict(amounts) for kind, amounts in found.items() if amounts}


def _affinity(target: Target) -> dict[str, Json]:
    """Nodes of the image's platforms, and with the labels that the spec asks for."""
    platforms = target.image.platforms
    wanted: list[Json] = [
        {"key": "kubernetes.io/os", "operator": "In", "values": [*sorted({each.os for each in platforms})]},
        {"key": "kubernetes.io/arch", "operator": "In", "values": [*sorted({each.architecture for each in platforms})]},
    ]
    labels = target.spec.environment.resources_of(target.variant).affinity
    wanted.extend({"key": label.key, "operator": "In", "values": list(label.values)} for label in labels)
    terms: Json = [{"matchExpressions": wanted}]
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
