"""What fits what, as data: CUDA, driver, cuDNN, devices; and the same of ROCm.

Every row names its sources and the day on which they were read. ``docs/variants.md`` shows the table; a test compares
the two. What no source says is left empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = [
    "CUDA",
    "ROCM",
    "CudaFamily",
    "CudaToolkit",
    "RocmRelease",
    "Source",
    "cuda_family",
    "cuda_toolkit",
    "numbers",
    "rocm_release",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a row was read, and when (ISO 8601)."""

    title: str
    read: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CudaToolkit:
    """One minor version of CUDA.

    ``driver`` is the one that belongs to its first release (since 13.4 a branch alone, such as 615); older ones run its
    programs by minor version compatibility, except PTX. ``devices`` are the compute capabilities for which its
    assembler makes machine code. Both are empty where no source says it.
    """

    version: str
    driver: str
    devices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CudaFamily:
    """One major version of CUDA.

    ``driver`` is the oldest one that runs programs of every minor version (minor version compatibility). ``cudnn`` are
    the major versions of cuDNN that were made for it. ``toolkits`` are in their order.
    """

    major: int
    driver: str
    cudnn: tuple[int, ...]
    toolkits: tuple[CudaToolkit, ...]
    sources: tuple[Source, ...]

    @property
    def devices(self) -> tuple[str, ...]:
        """Devices of any of its toolkits, oldest first."""
        return tuple(sorted({device for each in self.toolkits for device in each.devices}, key=numbers))


@dataclass(frozen=True, slots=True, kw_only=True)
class RocmRelease:
    """One minor version of ROCm: branches of the AMD GPU driver that it was tested with, and devices that AMD supports.

    Frameworks have code for more devices than AMD supports, so nothing is refused by ``devices``.
    """

    version: str
    drivers: tuple[str, ...]
    devices: tuple[str, ...]
    sources: tuple[Source, ...]


_READ: Final = "2026-11-26"
_COMPATIBILITY: Final = Source(title="NVIDIA, CUDA Compatibility: Minor Version Compatibility", read=_READ)
_NOTES: Final = Source(
    title="NVIDIA, CUDA Toolkit Release Notes (13.2 Update 2, 13.4 Update 1): CUDA Driver", read=_READ
)


def _assemblers(wheels: str) -> Source:
    return Source(title=f"ptxas --help of {wheels}", read=_READ)


def _matrix(versions: str) -> Source:
    return Source(title=f"NVIDIA, cuDNN Support Matrix, of cuDNN {versions}", read=_READ)


_KEPLER: Final = ("3.5", "3.7")
_MAXWELL: Final = (
    "5.0",
    "5.2",
    "5.3",
    "6.0",
    "6.1",
    "6.2",
    "7.0",
    "7.2",
)  # and Pascal and Volta, which CUDA 13 dropped
_AMPERE: Final = ("7.5", "8.0", "8.6", "8.7")
_HOPPER: Final = ("8.9", "9.0")
_TWELVE: Final = (*_MAXWELL, *_AMPERE, *_HOPPER)
_THIRTEEN: Final = ("7.5", "8.0", "8.6", "8.7", "8.8", "8.9", "9.0", "10.0", "10.3", "11.0", "12.0", "12.1")
_RUBIN: Final = ("7.5", "8.0", "8.6", "8.7", "8.8", "8.9", "9.0", "10.0", "10.3", "10.7", "11.0", "12.0", "12.1")

CUDA: Final[tuple[CudaFamily, ...]] = (
    CudaFamily(
        major=11,
        driver="450.80.02",
        cudnn=(8, 9),
        toolkits=(
            CudaToolkit(version="11.0", driver="450.51.05", devices=()),
            CudaToolkit(version="11.1", driver="455.23", devices=()),
            CudaToolkit(version="11.2", driver="460.27.03", devices=()),
            CudaToolkit(version="11.3", driver="465.19.01", devices=()),
            CudaToolkit(version="11.4", driver="470.42.01", devices=()),
            CudaToolkit(version="11.5", driver="495.29.05", devices=()),
            CudaToolkit(version="11.6", driver="510.39.01", devices=()),
            CudaToolkit(version="11.7", driver="515.43.04", devices=(*_KEPLER, *_MAXWELL, *_AMPERE)),
            CudaToolkit(version="11.8", driver="520.61.05", devices=(*_KEPLER, *_MAXWELL, *_AMPERE, *_HOPPER)),
        ),
        sources=(
            _COMPATIBILITY,
            _NOTES,
            _assemblers("nvidia-cuda-nvcc-cu11 11.7.99 and 11.8.89"),
            _matrix("8.4.0, 8.9.6, 9.0.0 and 9.10.2"),
        ),
    ),
    CudaFamily(
        major=12,
        driver="525.60.13",
        cudnn=(8, 9),
        toolkits=(
            CudaToolkit(version="12.0", driver="525.60.13", devices=_TWELVE),
            CudaToolkit(version="12.1", driver="530.30.02", devices=_TWELVE),
            CudaToolkit(version="12.2", driver="535.54.03", devices=_TWELVE),
            CudaToolkit(version="12.3", driver="545.23.06", devices=_TWELVE),
            CudaToolkit(version="12.4", driver="550.54.14", devices=_TWELVE),
            CudaToolkit(version="12.5", driver="555.42.02", devices=_TWELVE),
            CudaToolkit(version="12.6", driver="560.28.03", devices=_TWELVE),
            CudaToolkit(version="12.8", driver="570.26", devices=(*_TWELVE, "10.0", "10.1", "12.0")),
            CudaToolkit(version="12.9", driver="575.51.03", devices=(*_TWELVE, "10.0", "10.1", "10.3", "12.0", "12.1")),
        ),
        sources=(
            _COMPATIBILITY,
            _NOTES,
            _assemblers("nvidia-cuda-nvcc-cu12, the first release of each minor version"),
            _matrix("8.9.6, 9.0.0, 9.10.2 and 9.17.0"),
        ),
    ),
    CudaFamily(
        major=13,
        driver="580.65.06",
        cudnn=(9,),
        toolkits=(
            CudaToolkit(version="13.0", driver="580.65.06", devices=_THIRTEEN),
            CudaToolkit(version="13.1", driver="590.44.01", devices=_THIRTEEN),
            CudaToolkit(version="13.2", driver="595.45.04", devices=_THIRTEEN),
            CudaToolkit(version="13.3", driver="610", devices=_THIRTEEN),
            CudaToolkit(version="13.4", driver="615", devices=_RUBIN),
            CudaToolkit(version="13.5", driver="", devices=_RUBIN),
        ),
        sources=(
            _COMPATIBILITY,
            _NOTES,
            _assemblers("nvidia-cuda-nvcc, the first release of each minor version"),
            _matrix("9.17.0"),
        ),
    ),
)


def _amd(versions: str) -> tuple[Source, ...]:
    return (Source(title=f"AMD, ROCm compatibility matrix, of ROCm {versions}", read=_READ),)


_OLD: Final = ("gfx908", "gfx90a", "gfx942", "gfx1030", "gfx1100")
_RDNA4: Final = ("gfx908", "gfx90a", "gfx942", "gfx1030", "gfx1100", "gfx1101", "gfx1200", "gfx1201")
_CDNA4: Final = ("gfx908", "gfx90a", "gfx942", "gfx950", "gfx1030", "gfx1100", "gfx1101", "gfx1200", "gfx1201")

ROCM: Final[tuple[RocmRelease, ...]] = (
    RocmRelease(
        version="6.0", drivers=("5.6", "5.7", "6.0", "6.1", "6.2"), devices=_OLD, sources=_amd("6.3.3 (historical)")
    ),
    RocmRelease(
        version="6.1", drivers=("5.7", "6.0", "6.1", "6.2", "6.3"), devices=_OLD, sources=_amd("6.3.3 (historical)")
    ),
    RocmRelease(version="6.2", drivers=("6.0", "6.1", "6.2", "6.3"), devices=_OLD, sources=_amd("6.3.3 (historical)")),
    RocmRelease(version="6.3", drivers=("6.1", "6.2", "6.3", "6.4"), devices=_OLD, sources=_amd("6.3.3 and 7.0.0")),
    RocmRelease(version="6.4", drivers=("6.1", "6.2", "6.3", "6.4"), devices=_RDNA4, sources=_amd("7.0.0, for 6.4.3")),
    RocmRelease(version="7.0", drivers=("6.2", "6.3", "6.4", "30.10"), devices=_CDNA4, sources=_amd("7.0.0")),
    RocmRelease(version="7.1", drivers=("6.4", "30.10", "30.20"), devices=_CDNA4, sources=_amd("7.1.1")),
    RocmRelease(version="7.2", drivers=("6.4", "30.10", "30.20", "30.30"), devices=_CDNA4, sources=_amd("7.2.3")),
)


def cuda_family(version: str) -> CudaFamily | None:
    """The family of a CUDA version such as 12.4, where the table has it."""
    major = numbers(version)[:1]
    return next((family for family in CUDA if (family.major,) == major), None)


def cuda_toolkit(version: str) -> CudaToolkit | None:
    """The toolkit of a CUDA version such as 12.4 or 12.4.1, where the table has it."""
    family = cuda_family(version)
    toolkits = family.toolkits if family is not None else ()
    return next((each for each in toolkits if numbers(each.version) == numbers(version)[:2]), None)


def rocm_release(version: str) -> RocmRelease | None:
    """The release of a ROCm version such as 6.4 or 6.4.1, where the table has it."""
    return next((each for each in ROCM if numbers(each.version) == numbers(version)[:2]), None)


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: (12, 4) of 12.4, (9, 1, 0, 70) of 9.1.0.70, () of text."""
    found: list[int] = []
    for part in version.split("."):
        if not (part.isascii() and part.isdecimal()) or len(part) > 9:
            break
        found.append(int(part))
    return tuple(found)
