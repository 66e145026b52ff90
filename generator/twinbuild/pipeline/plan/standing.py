"""What a plan takes of a base image: its layers, the configuration that it hands down, and what it must leave free.

The rules are those of ``FROM`` in a Dockerfile, so that BuildKit arrives at the same configuration: variables keep
their place and get our value, labels and ports are added to, volumes, health check and shell stay, and the entry point
is reset. ONBUILD triggers are refused when the lock is made.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from twinbuild.model.image import BaseHistory
from twinbuild.model.lock import LockedBase
from twinbuild.model.plan import BaseInput, BaseLayer, ImageConfig
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.oci.foreign import base_layer

__all__ = ["base_input", "config_on", "interpreter_layers", "places"]

_UNTOLD: Final = "a layer of the base"  # where its configuration has no history: a part of one would be misread


def base_input(base: LockedBase) -> BaseInput:
    """The base as an input of a derivation."""
    untold = BaseHistory(created="", created_by=_UNTOLD, author="", comment="", empty_layer=False)
    return BaseInput(
        reference=base.reference,
        manifest=base.manifest.digest,
        config=base.config.digest,
        layers=tuple(base_layer(layer) for layer in base.layers),
        history=base.history or (untold,) * len(base.layers),
        author=base.author,
    )


def interpreter_layers(base: LockedBase) -> tuple[BaseLayer, ...]:
    """The layers that hold the base's interpreter: another layer can change without a wheel being compiled again."""
    return tuple(base_layer(base.layers[number]) for number in base.interpreter)


def config_on(base: LockedBase, ours: ImageConfig, *, prepend: str, chosen: frozenset[str]) -> ImageConfig:
    """Our configuration on a base's. ``prepend`` goes before the base's PATH, unless PATH is among the ``chosen``."""
    environment = dict(base.environment)
    for name, value in ours.environment:
        inherits = name == "PATH" and name not in chosen and environment.get("PATH")
        environment[name] = f"{prepend}:{environment['PATH']}" if inherits else value
    return replace(
        ours,
        environment=tuple(environment.items()),
        labels=tuple(sorted({**dict(base.labels), **_of_base(base), **dict(ours.labels)}.items())),
        exposed_ports=tuple(sorted({*base.exposed_ports, *ours.exposed_ports})),
        inherited=base.inherited,
    )


def _of_base(base: LockedBase) -> dict[str, str]:
    """What OCI has for saying what an image stands on (image-spec, annotations.md)."""
    return {
        "org.opencontainers.image.base.digest": str(base.manifest.digest),
        "org.opencontainers.image.base.name": base.reference,
    }


def places(spec: ReleaseSpec, prefix: str) -> tuple[str, ...]:
    """The paths below the root that the layers of a release write to, sorted."""
    stated = (spec.source.target, *(artifact.target for artifact in spec.model.artifacts))
    return tuple(sorted({prefix, "etc/twinbuild", *(path.strip("/") for path in stated)}))
