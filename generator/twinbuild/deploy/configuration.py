"""A release's configuration for deployment: its knobs' values as an immutable ConfigMap, named by their digest."""

from __future__ import annotations

import json
from typing import Final

from twinbuild.codec.canonical import Json, canonical, to_json
from twinbuild.codec.yamltext import as_yaml_stream
from twinbuild.deploy.deployment import Deployment
from twinbuild.model.digest import Digest
from twinbuild.model.spec.configuration import Knob
from twinbuild.model.spec.release import ReleaseSpec

__all__ = [
    "FORMAT",
    "configuration_digest",
    "configuration_document",
    "configuration_files",
    "configuration_map_name",
    "configuration_values",
    "environment_text",
]

FORMAT: Final = "twinbuild/configuration/v1"
_SHOWN: Final = 10  # hexadecimal digits of a digest in a name


def environment_text(value: object) -> str:
    """A knob's value as the text of an environment variable: JSON, but for text itself."""
    return value if isinstance(value, str) else json.dumps(to_json(value), separators=(",", ":"))


def configuration_values(spec: ReleaseSpec) -> tuple[tuple[Knob, object], ...]:
    """Every knob and its value, in the spec's order."""
    return tuple((knob, knob.default) for knob in spec.configuration.parameters)


def configuration_document(spec: ReleaseSpec) -> bytes:
    """The canonical JSON of all values, from which the configuration digest is taken."""
    values: Json = {knob.name: to_json(value) for knob, value in configuration_values(spec)}
    return canonical({"apiVersion": FORMAT, "name": spec.metadata.name, "values": values})


def configuration_digest(spec: ReleaseSpec) -> Digest:
    """Which values the service gets."""
    return Digest.of(configuration_document(spec))


def configuration_map_name(spec: ReleaseSpec) -> str:
    """The name of the ConfigMap: other values have another one, so a deployment never changes under a running pod."""
    return f"{spec.metadata.name}-configuration-{configuration_digest(spec).hex[:_SHOWN]}"


def configuration_files(deployment: Deployment) -> dict[str, bytes]:
    """``kubernetes/configmap.yaml``: environment variables of the knobs that have one."""
    spec = deployment.spec
    document: Json = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": configuration_map_name(spec),
            "labels": {
                "app.kubernetes.io/name": spec.metadata.name,
                "app.kubernetes.io/managed-by": "twinbuild",
            },
            "annotations": {"dev.twinbuild/configuration-digest": str(configuration_digest(spec))},
        },
        "immutable": True,
        "data": {
            knob.environment: environment_text(value)
            for knob, value in configuration_values(spec)
            if knob.environment is not None
        },
    }
    return {"kubernetes/configmap.yaml": as_yaml_stream(document)}
