"""What no schema says of documents for a cluster, and its API server, or a careful reader, would object to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from fakes.cluster_webhooks import inference_service

__all__ = ["rules"]

_LABEL: Final = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?", re.ASCII)
_KEY: Final = re.compile(
    r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", re.ASCII
)
_SERVICE: Final = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
_ADDRESS: Final = re.compile(r"https?://[^@\s]+")  # of another service, without credentials
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)
_PINNED: Final = re.compile(r"[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9._/-]+)+@sha256:[0-9a-f]{64}", re.ASCII)
_PORT: Final = re.compile(r"(?=[0-9-]*[a-z])(?!.*--)(?!-)[a-z0-9-]{1,15}(?<!-)", re.ASCII)


def rules(document: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a document, whatever its kind."""
    name = str(document.get("metadata", {}).get("name", ""))
    pattern = _SERVICE if document.get("kind") == "Service" else _NAME
    if not pattern.fullmatch(name):
        yield f"/metadata/name: {name!r}"
    # Labels of alerts are Prometheus' own.
    alerts = document.get("kind") == "PrometheusRule"
    yield from _everywhere(document.get("metadata") if alerts else document, "")
    spec = document.get("spec")
    if document.get("kind") == "InferenceService":
        yield from inference_service(document)
    if isinstance(spec, dict) and isinstance(spec.get("template"), dict):
        own = spec["template"].get("metadata", {}).get("labels", {})
        for key, value in spec.get("selector", {}).get("matchLabels", {}).items():
            if own.get(key) != value:
                yield f"/spec/selector: {key} is not a label of the pods"


def _everywhere(value: Any, where: str) -> Iterator[str]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _everywhere(item, f"{where}/{index}")
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _entry(key, item, f"{where}/{key}")
            yield from _everywhere(item, f"{where}/{key}")
        if "containers" in value:
            yield from _pod(value, where)


def _entry(key: str, item: Any, here: str) -> Iterator[str]:
    if key in ("labels", "matchLabels", "annotations") and isinstance(item, dict):
        for name, text in item.items():
            fits = isinstance(text, str) and (key == "annotations" or _LABEL.fullmatch(text))
            if not _KEY.fullmatch(name) or not fits:
                yield f"{here}: {name}={text!r}"
    if key == "image" and not _PINNED.fullmatch(str(item)):
        yield f"{here}: {item!r} has no digest"
    if key == "containers":
        for index, container in enumerate(item):
            yield from _container(container, f"{here}/{index}")


def _pod(pod: dict[str, Any], where: str) -> Iterator[str]:
    wanted = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    context = pod.get("securityContext", pod["containers"][0].get("securityContext", {}))
    if not wanted.items() <= context.items() or context.get("runAsUser", 0) < 1 or context.get("runAsGroup", 0) < 1:
        yield f"{where}/securityContext: not locked down"
    if pod.get("automountServiceAccountToken") is not False:
        yield f"{where}/automountServiceAccountToken: not false"
    if any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")):
        yield f"{where}: shares a namespace of the node"


def _container(container: dict[str, Any], where: str) -> Iterator[str]:
    wanted = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
    }
    if not wanted.items() <= container.get("securityContext", {}).items():
        yield f"{where}/securityContext: not locked down"
    for key in ("ports", "env", "volumeMounts"):
        if key == "ports" and len(container.get(key, [])) == 1:
            continue
        names = [str(each.get("name")) for each in container.get(key, [])]
        if len(names) != len(set(names)):
            yield f"{where}/{key}: a name twice"
    for each in container.get("env", []):
        name, value = str(each.get("name")), str(each.get("value", ""))
        told = name.startswith(("TWINBUILD_", "OTEL_")) or _ADDRESS.fullmatch(value)
        if not _VARIABLE.fullmatch(name) or ("value" in each and not told):
            yield f"{where}/env: {name}"  # knobs come from the ConfigMap, secrets by reference
    for each in container.get("ports", []):
        if "name" in each and not _PORT.fullmatch(str(each["name"])):
            yield f"{where}/ports: {each.get('name')!r}"
