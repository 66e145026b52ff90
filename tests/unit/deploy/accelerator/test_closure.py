"""The proof that a lock is closed under its accelerator: what is closed passes, and each seeded mismatch is refused."""

from __future__ import annotations

import pytest

from twinbuild.deploy.accelerator.closure import BaseFacts, closure_findings
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedWheel, PythonEnvironment, Target
from twinbuild.model.platform import Platform
from twinbuild.model.spec.environment import Variant

CPU = Variant(name="cpu")
CUDA12 = Variant(name="cuda12", accelerator="cuda", cuda="12.8")
CUDA13 = Variant(name="cuda13", accelerator="cuda", cuda="13.0")
ROCM = Variant(name="rocm", accelerator="rocm")

# As the published wheels of torch 2.8 and 2.11 ask for them, shortened.
TORCH12 = (
    "torch 2.8.0 < nvidia-cuda-runtime-cu12 nvidia-cudnn-cu12 triton",
    "nvidia-cuda-runtime-cu12 12.8.90",
    "nvidia-cudnn-cu12 9.10.2.21 < nvidia-cublas-cu12",
    "nvidia-cublas-cu12 12.8.4.1",
    "triton 3.4.0",
)
TORCH13 = (
    "torch 2.11.0 < cuda-toolkit nvidia-cudnn-cu13 triton",
    "cuda-toolkit 13.0.2 < nvidia-cuda-runtime nvidia-cufft",
    "nvidia-cuda-runtime 13.0.96",
    "nvidia-cufft 12.0.0.61",
    "nvidia-cudnn-cu13 9.17.0.29",
    "triton 3.6.0",
)
ORT = ("onnxruntime-gpu 1.23.0 < numpy", "numpy 2.3.0")
JAX12 = (
    "jax 0.8.0 < jaxlib jax-cuda12-plugin",
    "jaxlib 0.8.0",
    "jax-cuda12-plugin 0.8.0 < jax-cuda12-pjrt nvidia-cuda-runtime-cu12",
    "jax-cuda12-pjrt 0.8.0",
    "nvidia-cuda-runtime-cu12 12.8.90",
)


def _target(*lines: str) -> Target:
    """A target with these wheels: ``name version < what it requires``."""
    wheels = []
    for line in lines:
        stated, _, requires = line.partition(" < ")
        name, version = stated.split()
        wheels.append(
            LockedWheel(
                index="default",
                name=name,
                version=version,
                filename=f"{name.replace('-', '_')}-{version}-py3-none-any.whl",
                size=1,
                sha256=Digest("0" * 64),
                requires=tuple(sorted(requires.split())),
                requested=False,
            )
        )
    return Target(
        variant="v",
        platform=Platform.parse("linux/amd64"),
        python=PythonEnvironment(version="3.11.2", implementation="cp", glibc="2.36"),
        debs=(),
        wheels=tuple(wheels),
    )


def _without(lines: tuple[str, ...], *names: str) -> tuple[str, ...]:
    return tuple(line for line in lines if line.split()[0] not in names)


CLOSED = {
    "plain": (CPU, ("numpy 2.3.0",), BaseFacts()),
    "torch for the CPU": (CPU, ("torch 2.13.0+cpu < numpy", "numpy 2.3.0"), BaseFacts()),
    "management library alone": (CPU, ("nvidia-ml-py 13.580.0",), BaseFacts()),
    "torch for CUDA 12": (CUDA12, TORCH12, BaseFacts()),
    "torch for CUDA 13": (CUDA13, TORCH13, BaseFacts()),
    "jax for CUDA 12": (CUDA12, JAX12, BaseFacts()),
    "base of the same CUDA": (CUDA12, TORCH12, BaseFacts(cuda="12.4.1", cudnn="9.1.0")),
    "libraries of the base alone": (CUDA12, ORT, BaseFacts(cuda="12.8.1")),
    "torch for ROCm": (ROCM, ("torch 2.8.0+rocm6.4 < pytorch-triton-rocm", "pytorch-triton-rocm 3.4.0"), BaseFacts()),
    "build of an index for CUDA": (
        CUDA12,
        ("torch 2.8.0+cu128 < nvidia-cudnn-cu12", "nvidia-cudnn-cu12 9.10.2.21"),
        BaseFacts(),
    ),
}


@pytest.mark.parametrize("case", CLOSED)
def test_closed(case: str) -> None:
    """A lock that is its variant's gives no finding."""
    variant, lines, base = CLOSED[case]
    assert closure_findings(variant, _target(*lines), base) == ()


OPEN = {
    "torch of the default index without accelerator": (CPU, TORCH12, BaseFacts(), {"TB2400"}),
    "xgboost without accelerator": (
        CPU,
        ("xgboost 3.1.0 < nvidia-nccl-cu12", "nvidia-nccl-cu12 2.28.3"),
        BaseFacts(),
        {"TB2400"},
    ),
    "onnxruntime-gpu without accelerator": (CPU, ORT, BaseFacts(), {"TB2400"}),
    "build for CUDA without accelerator": (CPU, ("torch 2.8.0+cu126",), BaseFacts(), {"TB2400"}),
    "build for ROCm without accelerator": (
        CPU,
        ("torch 2.8.0+rocm6.4 < triton-rocm", "triton-rocm 3.4.0"),
        BaseFacts(),
        {"TB2401"},
    ),
    "build for ROCm with CUDA": (CUDA12, (*TORCH12, "pytorch-triton-rocm 3.4.0"), BaseFacts(), {"TB2401"}),
    "CUDA with ROCm": (ROCM, (*TORCH12, "triton-rocm 3.4.0"), BaseFacts(), {"TB2402"}),
    "two majors": (
        CUDA12,
        (*TORCH12, "jax-cuda13-plugin 0.8.0 < nvidia-cuda-nvrtc", "nvidia-cuda-nvrtc 13.0.88"),
        BaseFacts(),
        {"TB2403"},
    ),
    "another major": (CUDA13, TORCH12, BaseFacts(), {"TB2404"}),
    "another major by its own name alone": (CUDA12, TORCH13, BaseFacts(), {"TB2404"}),
    "another major by its local version": (CUDA13, ("torch 2.8.0+cu128",), BaseFacts(), {"TB2404"}),
    "another minor": (
        Variant(name="c", accelerator="cuda", cuda="12.4"),
        TORCH12,
        BaseFacts(),
        {"TB2405"},
    ),
    "another minor by its local version": (CUDA12, ("torch 2.8.0+cu126",), BaseFacts(), {"TB2405"}),
    "build for the CPU": (CUDA12, ("torch 2.13.0+cpu",), BaseFacts(), {"TB2406", "TB2408"}),
    "library that nobody asks for": (CUDA12, (*TORCH12, "nvidia-cufft-cu12 11.3.3.83"), BaseFacts(), {"TB2407"}),
    "library that only the spec asks for": (
        CUDA12,
        (*ORT, "nvidia-cudnn-cu12 9.10.2.21"),
        BaseFacts(),
        {"TB2407"},
    ),
    "libraries that ask for each other alone": (
        CUDA12,
        (*TORCH12, "nvidia-nvtx-cu12 12.8.90 < nvidia-nvjitlink-cu12", "nvidia-nvjitlink-cu12 12.8.93"),
        BaseFacts(),
        {"TB2407"},
    ),
    "nothing for CUDA": (CUDA12, ("numpy 2.3.0",), BaseFacts(), {"TB2408"}),
    "two ROCm versions": (
        ROCM,
        ("torch 2.9.1+rocm6.4 < pytorch-triton-rocm", "torchvision 0.24.1+rocm6.3", "pytorch-triton-rocm 3.5.1"),
        BaseFacts(),
        {"TB2418"},
    ),
    "nothing for ROCm": (ROCM, ("numpy 2.3.0",), BaseFacts(), {"TB2408"}),
    "onnxruntime-gpu without libraries": (CUDA12, ORT, BaseFacts(), {"TB2409"}),
    "tensorflow without libraries": (CUDA12, ("tensorflow 2.20.0",), BaseFacts(), {"TB2409"}),
    "two builds": (CPU, ("onnxruntime 1.23.0", "onnxruntime-gpu 1.23.0"), BaseFacts(), {"TB2400", "TB2410"}),
    "base of another major": (CUDA12, TORCH12, BaseFacts(cuda="13.0.1"), {"TB2411"}),
    "base with another cuDNN": (CUDA12, TORCH12, BaseFacts(cuda="12.2.2", cudnn="8.9.6"), {"TB2412"}),
    "cuDNN for an older CUDA": (
        CUDA13,
        ("torch 2.11.0 < nvidia-cudnn-cu13", "nvidia-cudnn-cu13 8.9.7"),
        BaseFacts(),
        {"TB2417"},
    ),
}


@pytest.mark.parametrize("case", OPEN)
def test_open(case: str) -> None:
    """Each mismatch has its code and no other, the target it is about, a reason and a remedy."""
    variant, lines, base, codes = OPEN[case]
    findings = closure_findings(variant, _target(*lines), base)
    assert {finding.code for finding in findings} == codes
    assert all(
        finding.where is not None and finding.where.subject == f"{variant.name} linux/amd64" for finding in findings
    )
    assert all(finding.hint and finding.message for finding in findings)


def test_message_names_who_asks() -> None:
    """The reason names the framework that brought what is foreign, and the remedy fits it."""
    (finding,) = closure_findings(CPU, _target(*TORCH12))
    assert "torch brings" in finding.message
    assert "nvidia-cuda-runtime-cu12 12.8.90" in finding.message
    assert finding.hint == "bind torch to an index of builds for the CPU in variants[].indexes"
    (finding,) = closure_findings(CPU, _target("xgboost 3.1.0 < nvidia-nccl-cu12", "nvidia-nccl-cu12 2.28.3"))
    assert finding.hint == "ask for xgboost-cpu instead of xgboost"


def test_remedy_has_the_version_to_write() -> None:
    """Where only the promise is wrong, the remedy is what to write."""
    (finding,) = closure_findings(CUDA13, _target(*TORCH12))
    assert "cuda: '12.8'" in finding.hint
