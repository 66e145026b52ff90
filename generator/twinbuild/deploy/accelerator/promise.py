"""What a variant promises by its fields that its CUDA cannot keep: seen in the spec alone, before anything is asked."""

from __future__ import annotations

from twinbuild.deploy.accelerator.table import CUDA, CudaFamily, cuda_family, cuda_toolkit, numbers
from twinbuild.errors import Finding, Location
from twinbuild.model.spec.environment import Variant

__all__ = ["requirement_findings"]


def requirement_findings(variant: Variant, *, driver: str) -> tuple[Finding, ...]:
    """What a variant asks for that its CUDA cannot be: TB2413 driver, TB2414 devices, TB2415 an unknown CUDA.

    ``driver`` is the oldest driver that the spec admits, "" for any.
    """
    if variant.cuda is None:
        return ()
    where = Location(subject=f"variant {variant.name}")
    family = cuda_family(variant.cuda)
    if family is None or _skipped(variant.cuda, family):
        known = ", ".join(each.version for each in family.toolkits) if family is not None else _majors()
        return (
            Finding(
                code="TB2415",
                message=f"got CUDA {variant.cuda}, of which nothing is known here; there are {known}",
                hint="write one of these versions, or update twinbuild",
                where=where,
            ),
        )
    found = []
    if driver and numbers(driver) < numbers(family.driver):
        found.append(
            Finding(
                code="TB2413",
                message=f"got {driver} as the oldest driver, but CUDA {variant.cuda} needs at least {family.driver}",
                hint=f"write driver: '{family.driver}' or a later one, or choose an older CUDA",
                where=where,
            )
        )
    for capability in variant.compute_capabilities:
        device = capability.partition("+")[0]
        if not _makes(variant.cuda, family, device):
            made = ", ".join(_devices(variant.cuda, family))
            found.append(
                Finding(
                    code="TB2414",
                    message=f"CUDA {variant.cuda} has no code for compute capability {capability}, only for {made}",
                    hint=_elsewhere(device),
                    where=where,
                )
            )
    return tuple(found)


def _majors() -> str:
    return ", ".join(f"{family.toolkits[0].version} to {family.toolkits[-1].version}" for family in CUDA)


def _newer(version: str, family: CudaFamily) -> bool:
    """Whether a minor version is later than all that the table has."""
    return numbers(version) > numbers(family.toolkits[-1].version)


def _skipped(version: str, family: CudaFamily) -> bool:
    """Whether there never was such a minor version: there are later ones, and the table lacks it (12.7)."""
    return cuda_toolkit(version) is None and not _newer(version, family)


def _devices(version: str, family: CudaFamily) -> tuple[str, ...]:
    """What a CUDA makes code for: of its minor version, where the table says it, else of any in its major."""
    toolkit = cuda_toolkit(version)
    return toolkit.devices if toolkit is not None and toolkit.devices else family.devices


def _makes(version: str, family: CudaFamily, device: str) -> bool:
    """Whether a CUDA makes code for a device; one newer than the table may have new devices, and keeps the old."""
    devices = _devices(version, family)
    return device in devices or (_newer(version, family) and numbers(device) > numbers(devices[0]))


def _elsewhere(device: str) -> str:
    has = [each.version for family in CUDA for each in family.toolkits if device in each.devices]
    if not has:
        return "take it out: no CUDA that is known here makes code for it"
    return f"take it out, or choose a CUDA that has it: {has[0]} to {has[-1]}"
