"""Seeded mismatches of accelerators, refused by the command line itself: by `lock`, and by `fetch` what bytes tell."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fakes.bases import BaseImage
from fakes.binaries import AARCH64, shared_object
from fakes.python_index import File, PackageIndex
from fakes.tool import Tool, tool
from twinbuild.model.settings import Settings, store_place
from twinbuild.process.runner import SubprocessRunner
from twinbuild.resolve.pipconfig import read_pip_configuration
from twinbuild.resolve.python_index import PythonIndex
from twinbuild.resolve.python_resolver import prepare_resolver
from unit.wheel.making import wheel

__all__ = ["tool"]

pytestmark = pytest.mark.network  # the pinned pip and pip-tools come from the machine's index

SPEC = """\
apiVersion: twinbuild/v1
kind: Release
metadata:
  name: tiny
  version: 1.0.0
  team: tests
  owners: [{{name: Ada Example, email: ada@tests.example}}]
  date: 2026-11-01
source: {{directory: app, target: /app}}
model: {{family: none, version: 1.0.0}}
environment:
  base: {{image: "oci-layout:base"}}
  python: "3.12"
  variants: [{{name: v, {variant}}}]
dependencies: {{runtime: [{runtime}]}}
serving:
  command: [python, -m, main]
  ports: [{{name: http, port: 8000}}]
  user: {{name: app, uid: 10001, gid: 10001, home: /home/app}}
"""
NATIVE = "cp312-cp312-manylinux_2_17_x86_64"
CPU = "accelerator: none"
CUDA12 = "accelerator: cuda, cuda: '12.8'"
CUDA13 = "accelerator: cuda, cuda: '13.0'"
ROCM = "accelerator: rocm"
RUNTIME12 = "nvidia-cuda-runtime-cu12 12.8.90"


@dataclass(frozen=True, kw_only=True)
class Seed:
    """A variant, what an index has (``name version < requirements``), what is asked for, and what is said of it."""

    variant: str
    index: tuple[str, ...]
    code: str
    said: str
    remedy: str
    ask: str = "torch"
    base: tuple[str, ...] = ()  # variables of the base image
    status: int = 3
    files: dict[str, bytes] = field(default_factory=dict)  # of the first wheel, whose bytes `fetch` looks at
    tag: str = NATIVE


SEEDS = {
    "a library of CUDA without accelerator": Seed(
        variant=CPU,
        index=("torch 2.8.0 < nvidia-cuda-runtime-cu12", RUNTIME12),
        code="TB2400",
        said="torch brings nvidia-cuda-runtime-cu12 12.8.90",
        remedy="bind torch to an index of builds for the CPU",
    ),
    "a build for ROCm without accelerator": Seed(
        variant=CPU, index=("torch 2.8.0+rocm6.4",), code="TB2401", said="torch 2.8.0+rocm6.4", remedy="another index"
    ),
    "CUDA in a variant for ROCm": Seed(
        variant=ROCM,
        index=("torch 2.8.0+rocm6.4 < nvidia-nccl-cu12", "nvidia-nccl-cu12 2.28.3"),
        code="TB2402",
        said="the variant uses ROCm, but the lock holds nvidia-nccl-cu12 2.28.3",
        remedy="bind the framework to an index of builds for ROCm",
    ),
    "two CUDA majors": Seed(
        variant=CUDA12,
        index=(
            "torch 2.8.0 < nvidia-cuda-runtime-cu12 nvidia-cudnn-cu13",
            RUNTIME12,
            "nvidia-cudnn-cu13 9.17.0.29",
        ),
        code="TB2403",
        said="CUDA 12: nvidia-cuda-runtime-cu12 12.8.90; CUDA 13: nvidia-cudnn-cu13 9.17.0.29",
        remedy="choose versions, extras or an index of one CUDA",
    ),
    "another CUDA major": Seed(
        variant=CUDA13,
        index=("torch 2.8.0 < nvidia-cuda-runtime-cu12", RUNTIME12),
        code="TB2404",
        said="the variant's CUDA is 13.0, but the lock is for CUDA 12",
        remedy="write cuda: '12.8'",
    ),
    "another CUDA minor": Seed(
        variant="accelerator: cuda, cuda: '12.4'",
        index=("torch 2.8.0 < nvidia-cuda-runtime-cu12", RUNTIME12),
        code="TB2405",
        said="the variant's CUDA is 12.4",
        remedy="write cuda: '12.8'",
    ),
    "a build for the CPU": Seed(
        variant=CUDA12,
        index=("torch 2.13.0+cpu", "cupy-cuda12x 13.6.0"),
        ask="torch, cupy-cuda12x",
        code="TB2406",
        said="torch 2.13.0+cpu is a build for the CPU alone",
        remedy="bind the framework to the accelerator's index",
    ),
    "a library that none asks for": Seed(
        variant=CUDA12,
        index=("torch 2.8.0 < nvidia-cuda-runtime-cu12", RUNTIME12, "nvidia-cufft-cu12 11.3.3.83"),
        ask="torch, nvidia-cufft-cu12",
        code="TB2407",
        said="no framework of the lock asks for nvidia-cufft-cu12 11.3.3.83",
        remedy="take it out",
    ),
    "nothing for the accelerator": Seed(
        variant=CUDA12,
        index=("numpy 2.3.0",),
        ask="numpy",
        code="TB2408",
        said="nothing in the lock uses CUDA",
        remedy="accelerator: none",
    ),
    "a framework without its libraries": Seed(
        variant=CUDA12,
        index=("onnxruntime-gpu 1.23.2",),
        ask="onnxruntime-gpu",
        code="TB2409",
        said="onnxruntime-gpu 1.23.2 loads libraries of CUDA, but the lock holds none",
        remedy="ask for onnxruntime-gpu[cuda,cudnn]",
    ),
    "two builds of one framework": Seed(
        variant=CUDA12,
        index=("onnxruntime-gpu 1.23.2 < nvidia-cuda-runtime-cu12", "onnxruntime 1.23.2", RUNTIME12),
        ask="onnxruntime-gpu, onnxruntime",
        code="TB2410",
        said="onnxruntime-gpu and onnxruntime bring the same package",
        remedy="ask for one of them alone",
    ),
    "a base image with another CUDA": Seed(
        variant=CUDA13,
        index=("torch 2.11.0 < nvidia-cuda-runtime", "nvidia-cuda-runtime 13.0.96"),
        base=("CUDA_VERSION=12.4.1",),
        code="TB2411",
        said="its base image has CUDA_VERSION 12.4.1",
        remedy="choose a base image with CUDA 13, or write cuda: '12.4'",
    ),
    "a base image with another cuDNN": Seed(
        variant=CUDA12,
        index=("torch 2.8.0 < nvidia-cudnn-cu12", "nvidia-cudnn-cu12 9.10.2.21"),
        base=("CUDA_VERSION=12.8.1", "NV_CUDNN_VERSION=8.9.7.29"),
        code="TB2412",
        said="two cuDNN majors meet: nvidia-cudnn-cu12 9.10.2.21, the base image's NV_CUDNN_VERSION 8.9.7.29",
        remedy="choose a base image without cuDNN",
    ),
    "an old driver": Seed(
        variant=f"{CUDA13}, driver: '570.26'",
        index=("torch 2.11.0",),
        code="TB2413",
        said="got 570.26 as the oldest driver, but CUDA 13.0 needs at least 580.65.06",
        remedy="write driver: '580.65.06'",
        status=2,
    ),
    "a device that the CUDA has no code for": Seed(
        variant="accelerator: cuda, cuda: '12.4', compute_capabilities: ['12.0']",
        index=("torch 2.8.0",),
        code="TB2414",
        said="CUDA 12.4 has no code for compute capability 12.0",
        remedy="choose a CUDA that has it: 12.8 to 13.5",
        status=2,
    ),
    "a CUDA that never was": Seed(
        variant="accelerator: cuda, cuda: '12.7'",
        index=("torch 2.8.0",),
        code="TB2415",
        said="got CUDA 12.7, of which nothing is known here",
        remedy="write one of these versions",
        status=2,
    ),
    "a cuDNN that the CUDA never had": Seed(
        variant=CUDA13,
        index=("torch 2.11.0 < nvidia-cudnn-cu13", "nvidia-cudnn-cu13 8.9.7.29"),
        code="TB2417",
        said="nvidia-cudnn-cu13 8.9.7.29: CUDA 13 goes with cuDNN 9",
        remedy="choose a version of the framework whose cuDNN",
    ),
    "two ROCm versions": Seed(
        variant=ROCM,
        index=("torch 2.9.1+rocm6.4", "torchvision 0.24.1+rocm6.3"),
        ask="torch, torchvision",
        code="TB2418",
        said="ROCm 6.3: torchvision 0.24.1+rocm6.3; ROCm 6.4: torch 2.9.1+rocm6.4",
        remedy="bind all of them to the index of one ROCm",
    ),
    "a Python that the framework has no wheel for": Seed(
        variant=CPU,
        index=("torch 2.8.0",),
        tag="cp313-cp313-manylinux_2_17_x86_64",
        code="TB2012",
        said="no wheel for CPython 3.12 on x86_64 with glibc 2.36; there are wheels for CPython 3.13: torch-2.8.0",
        remedy="or ask for a version that has a wheel for yours; torch 2.15.0 had one for CPython 3.12 on 2026-11-26",
    ),
    "files for another machine": Seed(
        variant=CPU,
        index=("torch 2.8.0",),
        files={"torch/_C.so": shared_object(machine=AARCH64)},
        code="TB2430",
        said=f"torch-2.8.0-{NATIVE}.whl: torch/_C.so is for aarch64, expected x86_64",
        remedy="pin a version whose files are what its name says",
    ),
    "files that need another CUDA": Seed(
        variant=CUDA13,
        index=("torch 2.11.0 < nvidia-cuda-runtime", "nvidia-cuda-runtime 13.0.96"),
        files={"torch/_C.so": shared_object("libcudart.so.12")},
        code="TB2431",
        said="torch/_C.so needs libcudart.so.12, expected libcudart.so.13, which CUDA 13 has",
        remedy="choose a build of torch for CUDA 13",
    ),
    "files that need an accelerator": Seed(
        variant=CPU,
        index=("torchvision 0.28.0",),
        ask="torchvision",
        files={"torchvision/_C.so": shared_object("libcublas.so.12")},
        code="TB2432",
        said="torchvision/_C.so needs libcublas.so.12, a library of CUDA, but the variant uses no accelerator",
        remedy="bind torchvision to an index of builds for the variant",
    ),
    "files that need another cuDNN": Seed(
        variant=CUDA12,
        index=("torch 2.8.0 < nvidia-cudnn-cu12", "nvidia-cudnn-cu12 9.10.2.21"),
        files={"torch/_C.so": shared_object("libcudnn.so.8")},
        code="TB2433",
        said="torch/_C.so needs libcudnn.so.8, expected cuDNN 9",
        remedy="choose a version of torch that was built with cuDNN 9",
    ),
}


def _file(stated: str, files: dict[str, bytes], tag: str) -> tuple[str, File]:
    what, _, requires = stated.partition(" < ")
    project, version = what.split()
    stem = f"{project.replace('-', '_')}-{version}"
    lines = ["Metadata-Version: 2.1", f"Name: {project}", f"Version: {version}"]
    lines += [f"Requires-Dist: {each}" for each in requires.split()]
    content = wheel(
        files,
        stem=stem,
        metadata=("\n".join(lines) + "\n").encode(),
        wheel=f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
    )
    digest = hashlib.sha256(content).hexdigest()
    return project, File(name=f"{stem}-{tag}.whl", content=content, sha256=digest, size=len(content))


def _index(seed: Seed) -> PackageIndex:
    first, *rest = seed.index
    files = [_file(first, seed.files, seed.tag), *(_file(each, {}, seed.tag) for each in rest)]
    return PackageIndex({project: (file,) for project, file in files})


@pytest.fixture(scope="session")
def resolvers() -> Path:
    """The pinned pip and pip-tools, installed once for all runs of the tests."""
    directory = Path(store_place(os.environ, str(Path.home()))) / "resolvers"
    pip = read_pip_configuration(
        SubprocessRunner(), interpreters=(Path(sys.executable),), environment=tuple(os.environ.items())
    )
    prepare_resolver(
        runner=SubprocessRunner(),
        directory=directory,
        interpreter=Path(sys.executable),
        index=PythonIndex(name="default", address=pip.index),
        settings=Settings(store=str(directory), certificates=pip.certificates, retries=1),
        home=str(directory),
    )
    return directory


Project = Callable[[Seed], None]


@pytest.fixture
def project(tool: Tool, tmp_path: Path, resolvers: Path) -> Project:
    """``project(seed)`` writes a spec and its base image where ``tool`` runs."""

    def made(seed: Seed) -> None:
        (tmp_path / "store").mkdir()
        (tmp_path / "store" / "resolvers").symlink_to(resolvers)
        Path("app").mkdir()
        Path("app/main.py").write_text("print('here')\n")
        Path("release.yaml").write_text(SPEC.format(variant=seed.variant, runtime=seed.ask))
        BaseImage(runtime={"Env": ["PATH=/usr/local/bin:/bin", *seed.base]}).layout(Path("base"))

    return made


@pytest.mark.parametrize("name", SEEDS)
def test_refused(name: str, project: Project, tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code, what was found, and what to do; `lock` writes nothing, and only `fetch` can see what bytes tell."""
    seed = SEEDS[name]
    project(seed)
    with _index(seed) as index:
        monkeypatch.setenv("TWINBUILD_INDEX_URL", index.address())
        ended = tool("lock", "--metadata-only", "-q")
        if seed.files:
            assert ended.status == 0, ended.err
            ended = tool("fetch", "-q")
    assert ended.status == seed.status, ended
    assert ended.err.startswith(f"error[{seed.code}]: ")
    assert ended.err.count("error[") == 1
    message, _, remedy = ended.err.partition("= help: ")
    assert seed.said in message
    assert seed.remedy in remedy
    assert Path("release.lock").exists() == bool(seed.files)


def test_what_fits_is_locked_and_fetched(project: Project, tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same way with nothing wrong: the refusals above are not of something else."""
    seed = Seed(
        variant=CUDA13,
        index=("torch 2.11.0 < nvidia-cuda-runtime", "nvidia-cuda-runtime 13.0.96"),
        files={"torch/_C.so": shared_object("libcudart.so.13", "libcuda.so.1")},
        code="",
        said="",
        remedy="",
        base=("CUDA_VERSION=13.0.1",),
    )
    project(seed)
    before = threading.active_count()
    with _index(seed) as index:
        monkeypatch.setenv("TWINBUILD_INDEX_URL", index.address())
        for arguments in (("lock", "--metadata-only", "-q"), ("fetch", "-q")):
            ended = tool(*arguments)
            assert ended.status == 0, ended
    assert threading.active_count() == before
