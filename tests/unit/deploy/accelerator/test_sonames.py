"""Names of libraries: which accelerator they belong to, and what they tell of its version."""

from __future__ import annotations

import pytest

from twinbuild.deploy.accelerator.sonames import SONAMES, accelerator_library
from twinbuild.deploy.accelerator.table import CUDA


@pytest.mark.parametrize(
    ("soname", "accelerator", "name", "cuda"),
    [
        ("libcudart.so.12", "cuda", "cudart", (12,)),
        ("libcudart.so.11.0", "cuda", "cudart", (11,)),
        ("libcudart-9f8a1b2c.so.12.8.90", "cuda", "cudart", (12,)),
        ("libcudart.faf08d9a.so.13", "cuda", "cudart", (13,)),
        ("libcublasLt.so.13", "cuda", "cublasLt", (13,)),
        ("libcufft.so.11", "cuda", "cufft", (12,)),
        ("libcusolver.so.11", "cuda", "cusolver", (11, 12)),
        ("libcusparse.so.12", "cuda", "cusparse", (12, 13)),
        ("libcurand.so.10", "cuda", "curand", (11, 12, 13)),
        ("libnvrtc.so.11.2", "cuda", "nvrtc", (11,)),
        ("libnccl.so.2", "cuda", "nccl", ()),
        ("libcudnn.so.9", "cuda", "cudnn", ()),
        ("libcudnn_ops_infer.so.8", "cuda", "cudnn_ops_infer", ()),
        ("libc10_cuda.so", "cuda", "c10_cuda", ()),
        ("libamdhip64.so.6", "rocm", "amdhip64", ()),
        ("libMIOpen.so.1", "rocm", "MIOpen", ()),
    ],
)
def test_libraries(soname: str, accelerator: str, name: str, cuda: tuple[int, ...]) -> None:
    """As they are called in wheels, copies with a hash in their name too."""
    found = accelerator_library(soname)
    assert found is not None
    assert (found.accelerator, found.name, found.cuda) == (accelerator, name, cuda)
    assert found.cudnn == name.startswith("cudnn")


@pytest.mark.parametrize(
    "soname",
    [
        *("libcuda.so.1", "libnvidia-ml.so.1", "libc.so.6", "libtorch.so", "libcudartx.so.1"),
        *("libcudart", "cudart.so.12", "", "lib.so", "libcudart.so.111111111", "libcudart.so.١٢", "libcudadevrt.a"),
    ],
)
def test_others(soname: str) -> None:
    """A driver's libraries, other libraries, and texts that are no such name."""
    assert accelerator_library(soname) is None


def test_the_table() -> None:
    """Every CUDA that has a row is one of the table; the name of a library in a CUDA is what it is read as."""
    majors = {family.major for family in CUDA}
    for name, rows in SONAMES.items():
        assert set(rows) <= majors
        for cuda, major in rows.items():
            found = accelerator_library(f"lib{name}.so.{major}")
            assert found is not None
            assert cuda in found.cuda
            assert (found.expected(cuda), found.of(cuda)) == (major, f"lib{name}.so.{major}")
