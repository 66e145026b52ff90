"""What each stage deploys: its values as a ConfigMap and for Helm, with the digests of image and configuration."""

from __future__ import annotations

from typing import Final

from twinbuild.codec.canonical import Json, to_json
from twinbuild.codec.yamltext import as_yaml_stream
from twinbuild.deploy.configuration import (
    configuration_digest,
    configuration_environment,
    configuration_map_name,
    definitions_document,
    values_document,
)
from twinbuild.deploy.deployment import Deployment
from twinbuild.deploy.knobschema import values_schema
from twinbuild.deploy.requirements import requirements_document
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["stage_files"]

_MANAGED: Final = {"app.kubernetes.io/managed-by": "twinbuild"}


def stage_files(deployment: Deployment) -> dict[str, bytes]:
    """What the images hold, the schema of values, and the files of each stage: of the defaults where there is none."""
    spec = deployment.spec
    files = {
        "definitions.json": definitions_document(spec, deployment.artifacts),
        **{
            f"requirements.{image.variant}.json": requirements_document(spec, image.variant)
            for image in deployment.images
        },
        "configuration.schema.json": values_schema(spec),
    }
    if not deployment.stages:
        files["configmap.yaml"] = as_yaml_stream(_config_map(spec, ""))
    for stage in deployment.stages:
        files |= {
            f"{stage}/configuration.json": values_document(spec, stage),
            f"{stage}/configmap.yaml": as_yaml_stream(_config_map(spec, stage)),
            f"{stage}/values.yaml": as_yaml_stream(_helm_values(deployment, stage)),
        }
    return files


def _config_map(spec: ReleaseSpec, stage: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": configuration_map_name(spec, stage),
            "labels": {"app.kubernetes.io/name": spec.metadata.name, **_MANAGED},
            "annotations": {"dev.twinbuild/configuration-digest": str(configuration_digest(spec, stage))},
        },
        "immutable": True,
        "data": dict(configuration_environment(spec, stage)),
    }


def _helm_values(deployment: Deployment, stage: str) -> Json:
    """Names that charts commonly use; the configuration by knob, as ``configuration.schema.json`` describes it."""
    spec = deployment.spec
    repository = spec.publish.repositories.get(stage, "")
    return {
        "stage": stage,
        "release": {"name": spec.metadata.name, "version": spec.metadata.version},
        "images": {
            image.variant: {
                "repository": repository,
                "digest": str(image.digest),
                "platforms": [str(platform) for platform in image.platforms],
            }
            for image in deployment.images
        },
        "configMap": configuration_map_name(spec, stage),
        "configurationDigest": str(configuration_digest(spec, stage)),
        "configuration": {name: to_json(value) for name, value in spec.configuration.values(stage).items()},
    }
