"""What a locked wheel is for, from its name and version: no bytes are needed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from twinbuild.deploy.accelerator.frameworks import framework
from twinbuild.deploy.accelerator.table import numbers
from twinbuild.model.lock import LockedWheel

__all__ = ["Purpose", "purpose"]

_SUFFIX: Final = re.compile(r"-(?:cu|cuda)([1-9][0-9])(x)?(?:-|$)")
_LOCAL: Final = re.compile(r"(?:^|\.)cu([1-9][0-9])([0-9])(?:\.|$)")
_LIBRARY: Final = re.compile(r"nvidia-(?!ml-py$|modelopt|dali)|cuda-(toolkit|bindings|python|core|pathfinder)$")
_ROCM: Final = re.compile(r"(pytorch-)?triton-rocm$|rocm(-|$)|jax-rocm|amd-?smi$|.*-rocm$")
_ROCM_LOCAL: Final = re.compile(r"(?:^|\.)rocm([0-9][0-9.]*)")
_EITHER: Final = re.compile(r"nvidia-cutlass-dsl")  # a compiler that brings parts for every CUDA, and takes one
_COMPILER: Final = frozenset({"triton", "pytorch-triton"})
_VERSIONED: Final = frozenset(  # projects without a suffix whose version is CUDA's
    {"nvidia-cuda-runtime", "nvidia-cuda-nvrtc", "nvidia-cublas", "cuda-toolkit", "cuda-bindings", "cuda-python"}
)
_RUNTIME: Final = re.compile(r"nvidia-cuda-runtime(-cu[0-9]+)?$|cuda-toolkit$")
_CUDNN: Final = re.compile(r"nvidia-cudnn-cu[0-9]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What one wheel says of accelerators.

    ``cuda`` is the CUDA that it is for: (12,), or (12, 8) where it says the minor version too. ``library`` tells
    libraries of CUDA from what uses them. ``rocm_version`` is (6, 4) of a build ``+rocm6.4``, () where it says none.
    ``cpu`` says that it is a build without accelerator (``+cpu``).
    """

    wheel: LockedWheel
    cuda: tuple[int, ...] = ()
    cuda_only: bool = False
    library: bool = False
    rocm: bool = False
    rocm_version: tuple[int, ...] = ()
    cpu: bool = False
    cudnn: int = 0
    compiler: bool = False

    @property
    def accelerated(self) -> bool:
        """Whether it is of no use without CUDA."""
        return self.library or bool(self.cuda) or self.cuda_only or self.compiler


def purpose(wheel: LockedWheel) -> Purpose:
    """What a wheel is for."""
    public, _, local = wheel.version.partition("+")
    row = framework(wheel.name)
    return Purpose(
        wheel=wheel,
        cuda=_cuda(wheel.name, public, local),
        cuda_only=row is not None and row.cuda and not local,
        library=_LIBRARY.match(wheel.name) is not None,
        rocm=_ROCM.match(wheel.name) is not None or re.search(r"(^|\.)rocm", local) is not None,
        rocm_version=numbers(stated[1])[:2] if (stated := _ROCM_LOCAL.search(local)) else (),
        cpu=re.search(r"(^|\.)cpu(\.|$)", local) is not None,
        cudnn=(numbers(public)[:1] or (0,))[0] if _CUDNN.match(wheel.name) else 0,
        compiler=wheel.name in _COMPILER,
    )


def _cuda(name: str, public: str, local: str) -> tuple[int, ...]:
    if stated := _LOCAL.search(local):  # torch 2.8.0+cu126
        return int(stated[1]), int(stated[2])
    version = numbers(public)[:2]
    if _EITHER.match(name):
        return ()
    if suffix := _SUFFIX.search(name):  # nvidia-cudnn-cu12, jax-cuda12-plugin, cupy-cuda12x
        runtime = _RUNTIME.match(name) and version[:1] == (int(suffix[1]),)
        return version if runtime else (int(suffix[1]),)
    if _RUNTIME.match(name):
        return version
    return version[:1] if name in _VERSIONED else ()
