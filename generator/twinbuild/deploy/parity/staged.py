"""A release manifest as one stage has it: the knobs' values there, and the repository from which it is taken."""

from __future__ import annotations

from collections.abc import Mapping

from twinbuild.codec.canonical import Json
from twinbuild.deploy.parity.difference import object_at
from twinbuild.deploy.parity.manifests import entries_of

__all__ = ["staged", "stages_of"]


def stages_of(document: Mapping[str, Json]) -> tuple[str, ...]:
    """Stages that the manifest knows: those with values of their own, and those that it is published to."""
    whole = dict(document)
    named = (*object_at(whole, "configuration", "stages"), *object_at(whole, "publish", "repositories"))
    return tuple(dict.fromkeys(named))


def staged(document: Mapping[str, Json], stage: str) -> dict[str, Json]:
    """The manifest with a stage's values in the place of the defaults, and nothing of any other stage."""
    whole = dict(document)
    configuration, publish = dict(object_at(whole, "configuration")), dict(object_at(whole, "publish"))
    values = object_at(whole, "configuration", "stages", stage)
    configuration["parameters"] = [
        {**knob, "default": values.get(str(knob.get("name")), knob.get("default"))}
        for knob in entries_of(configuration.get("parameters"))
    ]
    configuration.pop("stages", None)
    repository = object_at(publish, "repositories").get(stage)
    publish["repositories"] = {"this stage": repository} if repository is not None else {}
    return {**whole, "configuration": configuration, "publish": publish}
