"""Names of the libraries of CUDA and ROCm, as data: which are, and which major version each has in which CUDA.

The names are those of the files in NVIDIA's published wheels for each CUDA.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from twinbuild.deploy.accelerator.table import Source

__all__ = ["SONAMES", "SOURCE", "AcceleratorLibrary", "accelerator_library"]

SOURCE: Final = Source(
    title="file names in the newest nvidia-* wheels for CUDA 11 (11.8), CUDA 12 (12.9) and CUDA 13 (13.0 to 13.5)",
    read="2026-11-26",
)

_EQUAL: Final = {11: 11, 12: 12, 13: 13}
SONAMES: Final[dict[str, dict[int, int]]] = {  # library → CUDA major → major of its SONAME
    "cudart": _EQUAL,
    "cublas": _EQUAL,
    "cublasLt": _EQUAL,
    "nvblas": _EQUAL,
    "nvrtc": _EQUAL,
    "nvJitLink": {12: 12, 13: 13},
    "nvjpeg": _EQUAL,
    "nppc": _EQUAL,
    "nppial": _EQUAL,
    "nppicc": _EQUAL,
    "nppidei": _EQUAL,
    "nppif": _EQUAL,
    "nppig": _EQUAL,
    "nppim": _EQUAL,
    "nppist": _EQUAL,
    "nppisu": _EQUAL,
    "nppitc": _EQUAL,
    "npps": _EQUAL,
    "cufft": {11: 10, 12: 11, 13: 12},
    "cufftw": {11: 10, 12: 11, 13: 12},
    "cusolver": {11: 11, 12: 11, 13: 12},
    "cusolverMg": {11: 11, 12: 11, 13: 12},
    "cusparse": {11: 11, 12: 12, 13: 12},
    "curand": {11: 10, 12: 10, 13: 10},
    # Whose SONAME says nothing of the CUDA that they are for:
    "cupti": {},
    "cusparseLt": {},
    "cufile": {},
    "nccl": {},
    "nvshmem_host": {},
    "nvToolsExt": {},
    # Of PyTorch's builds for CUDA, which other projects' builds for it need:
    "c10_cuda": {},
    "torch_cuda": {},
}
_CUDNN: Final = re.compile(r"cudnn(_[a-z_]+)?")
_ROCM: Final = re.compile(
    r"(amdhip64|hipblas|hipblaslt|hipfft|hiprand|hipsolver|hipsparse|hiprtc|rocblas|rocfft|rocrand|rocsolver|rocsparse"
    r"|rccl|MIOpen|hsa-runtime64|roctx64|rocm_smi64|c10_hip|torch_hip)"
)
# As they are called, and as copies are renamed: libcudart-9f8a1b2c.so.12.8.90, libcudart.faf08d9a.so.13.
_LIBRARY: Final = re.compile(
    r"lib(?P<name>[A-Za-z0-9_-]+?)([-.][0-9a-f]{8})?\.so(\.(?P<major>[0-9]{1,4})(\.[0-9.]*)?)?", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceleratorLibrary:
    """A library of an accelerator, by its SONAME. ``major`` is of the SONAME, 0 where that has none."""

    accelerator: str  # "cuda", "rocm"
    name: str  # cudart
    major: int
    cudnn: bool = False

    @property
    def cuda(self) -> tuple[int, ...]:
        """The CUDA majors whose library has that name; () where the name does not tell."""
        majors = SONAMES.get(self.name, {})
        return tuple(cuda for cuda, major in majors.items() if major == self.major)

    def of(self, cuda: int) -> str:
        """Its SONAME in a CUDA."""
        return f"lib{self.name}.so.{self.expected(cuda)}"

    def expected(self, cuda: int) -> int:
        """The major that it has in a CUDA; 0 where the name does not tell."""
        return SONAMES.get(self.name, {}).get(cuda, 0)


def accelerator_library(soname: str) -> AcceleratorLibrary | None:
    """Which library of an accelerator a name is; None where it is none, as those of a driver are."""
    found = _LIBRARY.fullmatch(soname)
    if found is None:
        return None
    name, major = found["name"], int(found["major"] or 0)
    if _ROCM.fullmatch(name):
        return AcceleratorLibrary(accelerator="rocm", name=name, major=major)
    if cudnn := _CUDNN.fullmatch(name) is not None:
        return AcceleratorLibrary(accelerator="cuda", name=name, major=major, cudnn=cudnn)
    return AcceleratorLibrary(accelerator="cuda", name=name, major=major) if name in SONAMES else None
