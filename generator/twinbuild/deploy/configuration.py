"""A release's configuration: the definitions that its image holds, and the values that each stage gives.

The image has definitions alone, so that the same image passes through all stages. The values of a stage are an
immutable ConfigMap that is named by their digest: other values are another ConfigMap, and no running pod ever sees a
change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from twinbuild.codec.canonical import canonical, digest_of, to_json
from twinbuild.model.digest import Digest
from twinbuild.model.knobs import written
from twinbuild.model.lock import LockedArtifact
from twinbuild.model.spec.configuration import Configuration
from twinbuild.model.spec.release import ReleaseSpec

__all__ = [
    "FORMAT",
    "VALUES_FORMAT",
    "configuration_digest",
    "configuration_environment",
    "configuration_map_name",
    "definitions",
    "definitions_document",
    "values_document",
]

FORMAT: Final = "twinbuild/configuration/v1"
VALUES_FORMAT: Final = "twinbuild/configuration-values/v1"
_SHOWN: Final = 10  # hexadecimal digits of a digest in a name


def definitions(configuration: Configuration) -> dict[str, Any]:
    """``parameters`` and ``rules`` as ``twinbuild.model.knobs`` takes them."""
    return {
        "parameters": [
            {**knob.definition, "kind": knob.kind, "limit": knob.limit or "", "live": knob.runtime_change}
            for knob in configuration.parameters
        ],
        "rules": [
            {"name": rule.name, "rule": rule.rule, "message": rule.message, "tree": configuration.tree(rule)}
            for rule in configuration.rules
        ],
    }


def definitions_document(spec: ReleaseSpec, artifacts: tuple[LockedArtifact, ...]) -> bytes:
    """The canonical JSON that lies in the image: knobs, rules, secrets by reference, and the artifacts' digests."""
    targets = {artifact.name: artifact.target for artifact in spec.model.artifacts}
    return canonical(
        {
            "apiVersion": FORMAT,
            "name": spec.metadata.name,
            "version": spec.metadata.version,
            **definitions(spec.configuration),
            "secrets": [
                {"name": secret.name, "provider": secret.provider, "reference": secret.reference}
                for secret in spec.secrets
            ],
            "artifacts": {
                "check": spec.configuration.artifacts,
                "files": [
                    {
                        "name": artifact.name,
                        "path": targets[artifact.name],
                        "sha256": artifact.sha256.hex,
                        "size": artifact.size,
                    }
                    for artifact in sorted(artifacts, key=lambda artifact: artifact.name)
                    if artifact.name in targets
                ],
            },
        }
    )


def values_document(spec: ReleaseSpec, stage: str = "") -> bytes:
    """The canonical JSON of a stage's values ("": the defaults), from which its configuration digest is taken."""
    values = {name: to_json(value) for name, value in spec.configuration.values(stage).items()}
    return canonical({"apiVersion": VALUES_FORMAT, "name": spec.metadata.name, "values": values})


def configuration_digest(spec: ReleaseSpec, stage: str = "") -> Digest:
    """Which values the service gets."""
    return Digest.of(values_document(spec, stage))


def configuration_map_name(spec: ReleaseSpec, stage: str = "") -> str:
    """The name of a stage's ConfigMap: of all that it holds, for the same values may come by other variables."""
    held = digest_of({"values": configuration_digest(spec, stage), "data": configuration_environment(spec, stage)})
    return f"{spec.metadata.name}-configuration-{held.hex[:_SHOWN]}"


def configuration_environment(spec: ReleaseSpec, stage: str = "") -> dict[str, str]:
    """The environment variables of a stage, in the spec's order."""
    values: Mapping[str, object] = spec.configuration.values(stage)
    return {
        knob.variable: written(values[knob.name]) for knob in spec.configuration.parameters if knob.variable is not None
    }
