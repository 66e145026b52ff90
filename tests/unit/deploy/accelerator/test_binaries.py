"""Binaries of wheels: what fits passes, and each seeded mismatch is refused with wheel, file, name and remedy."""

from __future__ import annotations

import io

import pytest

from fakes.binaries import AARCH64, shared_object
from twinbuild.codec.dynamic import Dynamic, read_dynamic
from twinbuild.deploy.accelerator.binaries import binary_findings
from twinbuild.deploy.accelerator.closure import BaseFacts
from twinbuild.errors import Finding
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedWheel, PythonEnvironment, Target
from twinbuild.model.platform import Platform
from twinbuild.model.spec.environment import Variant

CPU = Variant(name="cpu")
CUDA12 = Variant(name="cuda12", accelerator="cuda", cuda="12.8")
CUDA13 = Variant(name="cuda13", accelerator="cuda", cuda="13.0")
ROCM = Variant(name="rocm", accelerator="rocm")
MODULE = "x/_core.cpython-311-x86_64-linux-gnu.so"
Files = dict[str, bytes]
Wheels = dict[str, Files]


def _elf(content: bytes) -> Dynamic:
    found = read_dynamic(io.BytesIO(content))
    if found is None:  # 32 bits, of which the wheel's reader gives the machine
        return Dynamic(machine=content[18], shared=True, soname="", needed=(), rpath=(), runpath=())
    return found


def _findings(
    variant: Variant, wheels: Wheels, *, base: BaseFacts | None = None, absent: tuple[str, ...] = ()
) -> tuple[Finding, ...]:
    locked, binaries = [], {}
    for stated, files in wheels.items():
        name, version, tags = stated.split("-", 2)
        wheel = LockedWheel(
            index="default",
            name=name.replace("_", "-"),
            version=version,
            filename=f"{stated}.whl",
            size=1,
            sha256=Digest.of(stated.encode()),
            requires=(),
            requested=True,
        )
        assert tags.count("-") == 2
        locked.append(wheel)
        binaries[wheel.sha256.hex] = tuple((path, _elf(content)) for path, content in files.items())
    target = Target(
        variant=variant.name,
        platform=Platform.parse("linux/amd64"),
        python=PythonEnvironment(version="3.11.2", implementation="cp", glibc="2.36"),
        debs=(),
        wheels=tuple(locked),
    )
    return binary_findings(variant, target, binaries, base=base, absent=absent)


FITS: dict[str, tuple[Variant, Wheels]] = {
    "plain libraries": (CPU, {"x-1-cp311-cp311-linux_x86_64": {MODULE: shared_object("libc.so.6")}}),
    "a driver's libraries": (
        CPU,
        {"x-1-cp311-cp311-linux_x86_64": {MODULE: shared_object("libcuda.so.1", "libnvidia-ml.so.1")}},
    ),
    "its own copy without an accelerator": (
        CPU,
        {
            "ale-1-cp311-cp311-linux_x86_64": {
                MODULE: shared_object("libcudart-09529672.so.12.6.77"),
                "ale.libs/libcudart-09529672.so.12.6.77": shared_object(soname="libcudart-09529672.so.12.6.77"),
            }
        },
    ),
    "libraries of the variant's CUDA": (
        CUDA12,
        {
            "torch-1-cp311-cp311-linux_x86_64": {
                "torch/lib/libtorch_cuda.so": shared_object(
                    "libcudart.so.12", "libcufft.so.11", "libcusolver.so.11", "libcudnn.so.9", "libnccl.so.2"
                )
            },
            "nvidia_cuda_runtime_cu12-12.8.90-py3-none-linux_x86_64": {
                "nvidia/cuda_runtime/lib/libcudart.so.12": shared_object(soname="libcudart.so.12")
            },
        },
    ),
    "a copy of an older CUDA's library": (
        CUDA13,
        {
            "x-1-cp311-cp311-linux_x86_64": {
                MODULE: shared_object("libcudart-1a2b3c4d.so.12.8"),
                "x.libs/libcudart-1a2b3c4d.so.12.8": shared_object(),
            }
        },
    ),
    "ROCm": (
        ROCM,
        {"torch-1-cp311-cp311-linux_x86_64": {"torch/lib/libtorch_hip.so": shared_object("libamdhip64.so.6")}},
    ),
    "files for several machines": (
        CPU,
        {
            "debugger-1-py3-none-any": {
                "d/attach_arm.so": shared_object(machine=AARCH64),
                "d/attach_x86.so": shared_object(machine=3, bits=32),
            },
            "mixed-1-cp311-cp311-linux_x86_64": {MODULE: shared_object(), "x/arm.so": shared_object(machine=AARCH64)},
            "fat-1-py3-none-any": {"x/_core.cpython-311-aarch64-linux-gnu.so": shared_object(machine=AARCH64)},
        },
    ),
    "a foreign file's libraries": (
        CPU,
        {"m-1-cp311-cp311-linux_x86_64": {MODULE: shared_object(), "a": shared_object("libcudart.so.12", machine=183)}},
    ),
}


@pytest.mark.parametrize("case", FITS)
def test_what_fits(case: str) -> None:
    """Nothing is said of it."""
    variant, wheels = FITS[case]
    assert _findings(variant, wheels) == ()


WHEEL = "x-1-cp311-cp311-linux_x86_64"
MISMATCHES: dict[str, tuple[Variant, Wheels, BaseFacts, str, str]] = {
    "libcudart of CUDA 12 in a variant for 13": (
        CUDA13,
        {WHEEL: {MODULE: shared_object("libcudart.so.12")}},
        BaseFacts(),
        "TB2431",
        f"{WHEEL}.whl: {MODULE} needs libcudart.so.12, expected libcudart.so.13, which CUDA 13 has",
    ),
    "libcufft of CUDA 13 in a variant for 12": (
        CUDA12,
        {WHEEL: {MODULE: shared_object("libcufft.so.12")}},
        BaseFacts(),
        "TB2431",
        "needs libcufft.so.12, expected libcufft.so.11, which CUDA 12 has",
    ),
    "a copy of a newer CUDA's library": (
        CUDA12,
        {
            WHEEL: {
                MODULE: shared_object("libcudart.faf08d9a.so.13"),
                "x.libs/libcudart.faf08d9a.so.13": shared_object(),
            }
        },
        BaseFacts(),
        "TB2431",
        "needs libcudart.faf08d9a.so.13, expected libcudart.so.12",
    ),
    "a wheel of NVIDIA's that brings another CUDA's library": (
        CUDA13,
        {
            "nvidia_cuda_runtime-13.0.96-py3-none-linux_x86_64": {
                "n/libcudart.so.12": shared_object(soname="libcudart.so.12")
            }
        },
        BaseFacts(),
        "TB2431",
        "n/libcudart.so.12 is libcudart.so.12, expected libcudart.so.13",
    ),
    "libcudart without accelerator": (
        CPU,
        {WHEEL: {MODULE: shared_object("libcudart.so.12")}},
        BaseFacts(),
        "TB2432",
        "needs libcudart.so.12, a library of CUDA, but the variant uses no accelerator",
    ),
    "libcublas without accelerator": (
        CPU,
        {WHEEL: {MODULE: shared_object("libcublas.so.12")}},
        BaseFacts(),
        "TB2432",
        "needs libcublas.so.12",
    ),
    "libcudnn without accelerator": (
        CPU,
        {WHEEL: {MODULE: shared_object("libcudnn.so.9")}},
        BaseFacts(),
        "TB2432",
        "needs libcudnn.so.9",
    ),
    "torchvision for CUDA beside torch for processors": (
        CPU,
        {
            "torchvision-1-cp311-cp311-linux_x86_64": {
                "torchvision/_C.so": shared_object("libc10_cuda.so", "libcudart.so.13"),
                "torchvision.libs/libcudart.faf08d9a.so.13": shared_object(soname="libcudart.so.13"),
            }
        },
        BaseFacts(),
        "TB2432",
        "torchvision/_C.so needs libc10_cuda.so",
    ),
    "ROCm in a variant for CUDA": (
        CUDA12,
        {WHEEL: {MODULE: shared_object("libamdhip64.so.6")}},
        BaseFacts(),
        "TB2432",
        "needs libamdhip64.so.6, a library of ROCm, but the variant uses CUDA",
    ),
    "CUDA in a variant for ROCm": (
        ROCM,
        {WHEEL: {MODULE: shared_object("libcudart.so.12")}},
        BaseFacts(),
        "TB2432",
        "but the variant uses ROCm",
    ),
    "another cuDNN than the lock's": (
        CUDA12,
        {WHEEL: {MODULE: shared_object("libcudnn.so.8")}, "nvidia_cudnn_cu12-9.1.0.70-py3-none-linux_x86_64": {}},
        BaseFacts(),
        "TB2433",
        "needs libcudnn.so.8, expected cuDNN 9",
    ),
    "another cuDNN than the base image's": (
        CUDA12,
        {WHEEL: {MODULE: shared_object("libcudnn_ops.so.9")}},
        BaseFacts(cuda="12.2.2", cudnn="8.9.6.50"),
        "TB2433",
        "needs libcudnn_ops.so.9, expected cuDNN 8",
    ),
    "a cuDNN that the CUDA never had": (
        CUDA13,
        {WHEEL: {MODULE: shared_object("libcudnn.so.8")}},
        BaseFacts(),
        "TB2433",
        "needs libcudnn.so.8, expected cuDNN 9",
    ),
    "a wheel of another machine": (
        CPU,
        {WHEEL: {"x/libx.so": shared_object(machine=AARCH64)}},
        BaseFacts(),
        "TB2430",
        "x/libx.so is for aarch64, expected x86_64",
    ),
    "a wheel of a machine of 32 bits": (
        CPU,
        {WHEEL: {"x/libx.so": shared_object(machine=3, bits=32)}},
        BaseFacts(),
        "TB2430",
        "x/libx.so is for i386, expected x86_64",
    ),
    "a wheel of a machine without a name here": (
        CPU,
        {WHEEL: {"x/libx.so": shared_object(machine=21)}},
        BaseFacts(),
        "TB2430",
        "x/libx.so is for the ELF machine 21, expected x86_64",
    ),
    "a module that is called as the platform's": (
        CPU,
        {"x-1-py3-none-any": {MODULE: shared_object(machine=AARCH64), "x/_other.so": shared_object()}},
        BaseFacts(),
        "TB2430",
        "_core.cpython-311-x86_64-linux-gnu.so is for aarch64",
    ),
}


@pytest.mark.parametrize("case", MISMATCHES)
def test_mismatches(case: str) -> None:
    """One finding, which names the wheel, the file, what it needs, what was expected, and what to do."""
    variant, wheels, base, code, said = MISMATCHES[case]
    (finding,) = _findings(variant, wheels, base=base)
    assert finding.code == code
    assert said in finding.message
    assert finding.message.startswith(next(iter(wheels)))
    assert finding.hint
    assert finding.where.subject == f"{variant.name} linux/amd64"


def test_many_of_a_kind() -> None:
    """One finding for a wheel, with their number; two for two kinds."""
    files = {f"x/{letter}.so": shared_object("libcudart.so.12", "libcudnn.so.8") for letter in "abc"}
    first, second = _findings(CUDA13, {WHEEL: files})
    assert (first.code, second.code) == ("TB2431", "TB2433")
    assert first.message.endswith(
        "x/a.so needs libcudart.so.12, expected libcudart.so.13, which CUDA 13 has (2 more like it)"
    )


def test_names_that_the_spec_says_are_never_loaded() -> None:
    """They pass, others of the same file don't."""
    wheels = {WHEEL: {MODULE: shared_object("libcudart.so.12", "libcublas.so.12")}}
    (finding,) = _findings(CPU, wheels, absent=("libcublas.so.12",))
    assert "libcudart.so.12" in finding.message
    assert _findings(CPU, wheels, absent=("libcublas.so.12", "libcudart.so.12")) == ()
