"""What fits what, as data: CUDA, driver, cuDNN, devices; and how frameworks bring the libraries of their accelerator.

Every row names its source and the day on which it was read there. ``docs/variants.md`` shows the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["CUDA", "FRAMEWORKS", "CudaFamily", "Framework", "Source", "cuda_family", "framework", "numbers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a row was read, and when (ISO 8601)."""

    title: str
    read: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CudaFamily:
    """One major version of CUDA.

    ``driver`` is the oldest one that runs programs of every minor version (minor version compatibility). Programs
    hold machine code for the compute capabilities from ``oldest_device`` to ``newest_device``.
    """

    major: int
    driver: str
    cudnn: tuple[int, ...]
    oldest_device: str
    newest_device: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """A project whose wheels use an accelerator.

    ``extra`` is what a requirement must ask for so that its CUDA libraries are locked; "" where they come without.
    ``twins`` are projects that bring the same package in another build. ``plain`` is the one without accelerator.
    ``cuda`` says whether its wheel is of use with CUDA alone.
    """

    name: str
    extra: str = ""
    twins: tuple[str, ...] = ()
    plain: str = ""
    cuda: bool = False
    source: Source


_READ: Final = "2026-11-26"
_DRIVERS: Final = Source(title="NVIDIA, CUDA Compatibility: Minor Version Compatibility", read=_READ)
_NOTES: Final = Source(title="NVIDIA, CUDA Toolkit Release Notes: deprecated architectures", read=_READ)
_CUDNN: Final = Source(title="NVIDIA, cuDNN Support Matrix, of cuDNN 8.3, 9.0, 9.10 and 9.17", read=_READ)

CUDA: Final[tuple[CudaFamily, ...]] = (
    CudaFamily(
        major=11,
        driver="450.80.02",
        cudnn=(8, 9),
        oldest_device="3.5",
        newest_device="9.0",
        sources=(_DRIVERS, _NOTES, _CUDNN),
    ),
    CudaFamily(
        major=12,
        driver="525.60.13",
        cudnn=(8, 9),
        oldest_device="5.0",
        newest_device="12.1",
        sources=(_DRIVERS, _NOTES, _CUDNN),
    ),
    CudaFamily(
        major=13,
        driver="580.65.06",
        cudnn=(9,),
        oldest_device="7.5",
        newest_device="12.1",
        sources=(_DRIVERS, _NOTES, _CUDNN),
    ),
)


def _published(name: str) -> Source:
    return Source(title=f"METADATA of the published wheels of {name}", read=_READ)


FRAMEWORKS: Final[tuple[Framework, ...]] = (
    Framework(name="torch", source=_published("torch")),
    Framework(name="vllm", cuda=True, source=_published("vllm")),
    Framework(
        name="tensorflow",
        extra="and-cuda",
        twins=("tensorflow-cpu", "tensorflow-gpu", "tensorflow-rocm"),
        plain="tensorflow-cpu",
        source=_published("tensorflow"),
    ),
    Framework(name="jax", extra="cuda12 or cuda13", source=_published("jax")),
    Framework(
        name="onnxruntime-gpu",
        extra="cuda,cudnn",
        twins=("onnxruntime", "onnxruntime-rocm", "onnxruntime-openvino"),
        plain="onnxruntime",
        cuda=True,
        source=_published("onnxruntime-gpu"),
    ),
    Framework(name="xgboost", twins=("xgboost-cpu",), plain="xgboost-cpu", source=_published("xgboost")),
    Framework(name="faiss-gpu", twins=("faiss-cpu",), plain="faiss-cpu", cuda=True, source=_published("faiss-gpu")),
)


def cuda_family(version: str) -> CudaFamily | None:
    """The family of a CUDA version such as 12.4, where the table has it."""
    major = numbers(version)[:1]
    return next((family for family in CUDA if (family.major,) == major), None)


def framework(project: str) -> Framework | None:
    """The row of a normalised project name."""
    return next((row for row in FRAMEWORKS if row.name == project), None)


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: (12, 4) of 12.4, (9, 1, 0, 70) of 9.1.0.70, () of text."""
    found: list[int] = []
    for part in version.split("."):
        if not (part.isascii() and part.isdecimal()) or len(part) > 9:
            break
        found.append(int(part))
    return tuple(found)
