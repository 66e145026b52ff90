"""One variant of a release in one stage: what all of its objects in a cluster share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.canonical import Json, digest_of
from twinbuild.deploy.configuration import configuration_digest, configuration_map_name
from twinbuild.deploy.deployment import DeployedImage, Deployment
from twinbuild.model.spec.environment import Variant
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["INSTANCE", "PREFIX", "STAGE", "VERSION", "Target", "targets", "version_label"]

PREFIX: Final = "dev.twinbuild"  # of annotations of our own
STAGE: Final = f"{PREFIX}/stage"  # these are labels
VERSION: Final = "app.kubernetes.io/version"
INSTANCE: Final = "app.kubernetes.io/instance"
_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """``reference`` names the image by digest, ``name`` the objects; ``directory`` lies below that of each system."""

    spec: ReleaseSpec
    stage: str
    variant: Variant
    image: DeployedImage
    reference: str
    name: str
    directory: str

    def selector(self) -> dict[str, Json]:
        """Labels by which pods of this variant are found, whatever their version."""
        return {"app.kubernetes.io/name": self.name, INSTANCE: self.name}

    def all_of_it(self) -> dict[str, Json]:
        """The label that Flagger leaves as it is on the pods of the old version too."""
        return {INSTANCE: self.name}

    def labels(self) -> dict[str, Json]:
        """Labels of every object."""
        return {
            **self.selector(),
            VERSION: version_label(self.spec),
            "app.kubernetes.io/component": "model-server",
            "app.kubernetes.io/managed-by": "twinbuild",
            STAGE: self.stage,
        }

    def annotations(self) -> dict[str, Json]:
        """What is free text, or longer than a label: release, owners, digests."""
        spec = self.spec
        return {
            f"{PREFIX}/release": f"{spec.metadata.name} {spec.metadata.version}",
            f"{PREFIX}/variant": self.variant.name,
            f"{PREFIX}/team": spec.metadata.team,
            f"{PREFIX}/owners": json.dumps([owner.email for owner in spec.metadata.owners]),
            f"{PREFIX}/image-digest": str(self.image.digest),
            f"{PREFIX}/configuration-digest": str(configuration_digest(spec, self.stage)),
        }

    def metadata(self, name: str = "") -> dict[str, Json]:
        """Of an object; it is named as the service is, or otherwise."""
        return {"name": name or self.name, "labels": self.labels()}

    def described(self) -> dict[str, Json]:
        """Of an object that makes pods: it says which release they are of."""
        return self.metadata() | {"annotations": self.annotations()}

    @property
    def configuration(self) -> str:
        """Name of the ConfigMap with the stage's values (``STAGE/configmap.yaml``); "" where no knob has a variable."""
        knobs = self.spec.configuration.parameters
        return configuration_map_name(self.spec, self.stage) if any(knob.variable for knob in knobs) else ""

    @property
    def live(self) -> str:
        """Name of the ConfigMap of knobs that are changed while pods run, which need not be there; "": none may be.

        Another release, other values and other knobs begin without what was changed before.
        """
        live: list[Json] = [knob.name for knob in self.spec.configuration.parameters if knob.runtime_change]
        if not live:
            return ""
        metadata = self.spec.metadata
        known = digest_of({"configuration": self.configuration, "version": metadata.version, "live": live})
        return f"{metadata.name}-live-{known.hex[:10]}"

    @property
    def shared_memory(self) -> str:
        """What a knob asks for as /dev/shm in the stage; "" where none does."""
        configuration = self.spec.configuration
        values = configuration.values(self.stage)
        return next((str(values[each.name]) for each in configuration.parameters if each.kind == "shared_memory"), "")


def version_label(spec: ReleaseSpec) -> str:
    """The release's version as the value of a label."""
    return _UNFIT.sub("_", spec.metadata.version)[:63].rstrip("._-")


def targets(deployment: Deployment) -> Iterator[Target]:
    """Each stage that the spec publishes to, with each variant that was built."""
    spec = deployment.spec
    several = len(spec.environment.variants) > 1
    variants = {variant.name: variant for variant in spec.environment.variants}
    base = spec.rollout.name or spec.metadata.name
    for stage in deployment.stages:
        for image in deployment.images:
            yield Target(
                spec=spec,
                stage=stage,
                variant=variants[image.variant],
                image=image,
                reference=deployment.reference(image, stage),
                name=f"{base}-{image.variant}" if several else base,
                directory=f"{stage}/{image.variant}" if several else stage,
            )
