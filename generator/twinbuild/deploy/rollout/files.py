"""The files of a rollout below ``deploy/``: ``SYSTEM/STAGE[/VARIANT]/KIND.yaml``, and a page that says what they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.codec.yamltext import as_yaml_stream
from twinbuild.deploy.deployment import Deployment
from twinbuild.deploy.rollout import argo, flagger, kserve
from twinbuild.deploy.rollout.kubernetes import kubernetes
from twinbuild.deploy.rollout.overview import overview
from twinbuild.deploy.rollout.target import Target, targets

__all__ = ["rollout_files"]

_SYSTEMS: Final[tuple[tuple[str, Callable[[Target], dict[str, Json]]], ...]] = (
    ("kubernetes", kubernetes),
    ("argo-rollouts", argo.argo_rollouts),
    ("flagger", flagger.flagger),
    ("kserve", kserve.kserve),
)


def rollout_files(deployment: Deployment) -> dict[str, bytes]:
    """Content by path below ``deploy/``; the page alone where the spec publishes nowhere: no image has a name then."""
    found = {"rollout.md": overview(deployment).encode()}
    for target in targets(deployment):
        for system, render in _SYSTEMS:
            for name, document in render(target).items():
                found[f"{system}/{target.directory}/{name}.yaml"] = as_yaml_stream(document)
    return found
