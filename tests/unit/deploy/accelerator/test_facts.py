"""What a wheel is for, from its name and version, as published ones are called."""

from __future__ import annotations

import pytest

from twinbuild.deploy.accelerator.facts import Purpose, purpose
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedWheel


def _purpose(name: str, version: str) -> Purpose:
    wheel = LockedWheel(
        index="default",
        name=name,
        version=version,
        filename="x-1-py3-none-any.whl",
        size=1,
        sha256=Digest("0" * 64),
        requires=(),
        requested=False,
    )
    return purpose(wheel)


@pytest.mark.parametrize(
    ("name", "version", "cuda"),
    [
        ("nvidia-cuda-runtime-cu12", "12.8.90", (12, 8)),
        ("nvidia-cuda-runtime", "13.0.96", (13, 0)),
        ("cuda-toolkit", "13.0.2", (13, 0)),
        ("nvidia-cudnn-cu12", "9.10.2.21", (12,)),
        ("nvidia-nccl-cu13", "2.28.9", (13,)),
        ("nvidia-cublas", "13.1.0.3", (13,)),
        ("nvidia-cufft", "12.0.0.61", ()),  # of CUDA 13: a component's version is its own
        ("nvidia-cusparselt-cu13", "0.8.0", (13,)),
        ("jax-cuda12-plugin", "0.8.0", (12,)),
        ("jax-cuda13-pjrt", "0.8.0", (13,)),
        ("cupy-cuda12x", "13.6.0", (12,)),
        ("cuda-bindings", "12.9.4", (12,)),
        ("torch", "2.8.0+cu126", (12, 6)),
        ("torch", "2.8.0+cu130", (13, 0)),
        ("torch", "2.8.0", ()),
        ("nvidia-cutlass-dsl-libs-cu12", "4.8.0", ()),  # it comes with the one for CUDA 13
        ("numpy", "2.3.0", ()),
    ],
)
def test_cuda(name: str, version: str, cuda: tuple[int, ...]) -> None:
    """The CUDA that a wheel states, as exactly as it states it."""
    assert _purpose(name, version).cuda == cuda


def test_kinds() -> None:
    """Libraries, builds for ROCm and for the CPU, cuDNN, compilers."""
    assert _purpose("nvidia-cufft", "12.0.0.61").library
    assert not _purpose("nvidia-ml-py", "13.580.65").accelerated
    assert not _purpose("jax-cuda12-plugin", "0.8.0").library
    assert _purpose("pytorch-triton-rocm", "3.4.0").rocm
    assert _purpose("torch", "2.8.0+rocm6.4").rocm
    assert _purpose("torch", "2.8.0+rocm6.4").rocm_version == (6, 4)
    assert _purpose("torch", "2.8.0+rocm7.2.0.lw").rocm_version == (7, 2)
    assert _purpose("pytorch-triton-rocm", "3.4.0").rocm_version == ()
    assert _purpose("torch", "2.13.0+cpu").cpu
    assert not _purpose("torch", "2.13.0").cpu
    assert _purpose("nvidia-cudnn-cu13", "9.17.0.29").cudnn == 9
    assert _purpose("triton", "3.6.0").compiler
    assert _purpose("onnxruntime-gpu", "1.23.0").accelerated
    assert not _purpose("onnxruntime", "1.23.0").accelerated
