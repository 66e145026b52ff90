"""What a release needs of the machine that runs it, as the document that the image's entrypoint reads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.canonical import canonical
from twinbuild.model.spec.environment import Variant
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.spec.values import quantity_value

__all__ = ["FORMAT", "Needs", "configured", "needs_of", "requirements_document"]

FORMAT: Final = "twinbuild/requirements/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Memory in bytes (0: any), and where an accelerator is used: devices, oldest driver, code that there is for it."""

    memory: int
    accelerator: str  # "none", "cuda", "rocm"
    cuda: str  # "12.4", or "" where it is no CUDA
    devices: int
    device_memory: int  # bytes of each device
    driver: str  # "525.60.13", or "" for any
    compute_capabilities: tuple[str, ...]  # empty for any


def needs_of(spec: ReleaseSpec, variant: Variant) -> Needs:
    """What a variant needs: the one place that knows where a spec says so."""
    resources = spec.environment.resources_of(variant)
    memory = resources.memory.request or resources.memory.limit  # as schedulers read a limit alone
    used = variant.accelerator != "none"
    return Needs(
        memory=math.ceil(quantity_value(memory)) if memory else 0,
        accelerator=variant.accelerator,
        cuda=variant.cuda or "",
        devices=max(1, resources.gpu.count) if used else 0,
        device_memory=0,
        driver=variant.driver or resources.gpu.driver or "" if used else "",
        compute_capabilities=tuple(variant.compute_capabilities),
    )


def configured(spec: ReleaseSpec) -> bool:
    """Whether there is something about how the service is set up that its entrypoint checks."""
    return bool(spec.configuration.parameters or spec.secrets or spec.model.artifacts)


def requirements_document(spec: ReleaseSpec, variant: str) -> bytes:
    """The canonical JSON of a variant's needs, with the release's name for messages."""
    chosen = next(each for each in spec.environment.variants if each.name == variant)
    needs = needs_of(spec, chosen)
    return canonical(
        {
            "apiVersion": FORMAT,
            "name": spec.metadata.name,
            "version": spec.metadata.version,
            "variant": variant,
            "configured": configured(spec),
            "memory": needs.memory,
            "accelerator": {
                "kind": needs.accelerator,
                "cuda": needs.cuda,
                "count": needs.devices,
                "memory": needs.device_memory,
                "driver": needs.driver,
                "compute_capabilities": list(needs.compute_capabilities),
            },
        }
    )
