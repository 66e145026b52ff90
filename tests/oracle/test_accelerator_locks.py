"""Published frameworks, locked from metadata alone for both platforms: each is closed under its accelerator, or not."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from twinbuild.deploy.accelerator.closure import closure_findings
from twinbuild.model.lock import LockedWheel, PythonEnvironment, Target
from twinbuild.model.platform import Platform
from twinbuild.model.settings import Settings, store_place
from twinbuild.model.spec.environment import Variant
from twinbuild.process.runner import SubprocessRunner
from twinbuild.resolve.pipconfig import read_pip_configuration
from twinbuild.resolve.python import resolve_python
from twinbuild.resolve.python_index import PythonIndex
from twinbuild.resolve.python_resolver import prepare_resolver

CUTOFF = date(2026, 11, 20)  # the same files, whatever is uploaded later
pytestmark = [pytest.mark.slow, pytest.mark.network]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Requirements, the variant that they are for, and what the proof says of them."""

    requirements: tuple[str, ...]
    cuda: str = ""  # "" for a variant without accelerator
    codes: frozenset[str] = frozenset()
    platforms: tuple[str, ...] = ("linux/amd64", "linux/arm64")


CASES = {
    "torch for CUDA 12": Case(requirements=("torch==2.10.0",), cuda="12.8"),
    "torch for CUDA 13": Case(requirements=("torch==2.13.0",), cuda="13.0"),
    "torch without accelerator": Case(requirements=("torch==2.13.0",), codes=frozenset({"TB2400"})),
    "onnxruntime-gpu with its libraries": Case(
        requirements=("onnxruntime-gpu[cuda,cudnn]==1.23.2",), cuda="12.9", platforms=("linux/amd64",)
    ),
    "onnxruntime-gpu for CUDA 13 with its libraries": Case(
        requirements=("onnxruntime-gpu[cuda,cudnn]==1.31.1",), cuda="13.5"
    ),
    "onnxruntime-gpu alone": Case(
        requirements=("onnxruntime-gpu==1.23.2",),
        cuda="12.8",
        codes=frozenset({"TB2409"}),
        platforms=("linux/amd64",),
    ),
    "tensorflow with its libraries": Case(requirements=("tensorflow[and-cuda]==2.20.0",), cuda="12.9"),
    "tensorflow for processors of ARM": Case(requirements=("tensorflow==2.20.0",), platforms=("linux/arm64",)),
    "tensorflow for processors": Case(requirements=("tensorflow-cpu==2.20.0",), platforms=("linux/amd64",)),
    "jax for CUDA 12": Case(requirements=("jax[cuda12]==0.8.0",), cuda="12.9"),
    "jax for CUDA 13": Case(requirements=("jax[cuda13]==0.8.0",), cuda="13.5"),
    "jax for processors": Case(requirements=("jax==0.8.0",)),
    "xgboost": Case(requirements=("xgboost==3.1.1",), codes=frozenset({"TB2400"}), platforms=("linux/amd64",)),
    "xgboost for ARM, which comes without": Case(requirements=("xgboost==3.1.1",), platforms=("linux/arm64",)),
    "xgboost for processors": Case(requirements=("xgboost-cpu==3.1.1",), platforms=("linux/amd64",)),
    # Its requirement cuda-python has no upper bound, and the newest cuda-bindings are for CUDA 13.
    "vllm for CUDA 12": Case(requirements=("vllm==0.13.0",), cuda="12.8", codes=frozenset({"TB2403"})),
    "vllm for CUDA 13": Case(requirements=("vllm==0.33.0",), cuda="13.0"),
}


def _locked(requirements: tuple[str, ...], platform: Platform, place: Path) -> tuple[LockedWheel, ...]:
    pip = read_pip_configuration(
        SubprocessRunner(), interpreters=(Path(sys.executable),), environment=tuple(os.environ.items())
    )
    settings = Settings(store=str(place), certificates=pip.certificates, retries=3)
    index = PythonIndex(name="default", address=pip.index)
    resolver = prepare_resolver(
        runner=SubprocessRunner(),
        directory=Path(store_place(os.environ, str(Path.home()))) / "resolvers",
        interpreter=Path(sys.executable),
        index=index,
        settings=settings,
        home=str(place),
    )
    return resolve_python(
        requirements,
        python=PythonEnvironment(version="3.12.11", implementation="cp", glibc="2.36"),
        platform=platform,
        indexes=(index,),
        resolver=resolver,
        runner=SubprocessRunner(),
        settings=settings,
        home=str(place),
        exclude_newer=CUTOFF,
    )


def test_every_framework_on_both_platforms() -> None:
    """Six frameworks, each on x86-64 and on ARM."""
    tried = {
        (case.requirements[0].partition("==")[0].partition("[")[0], each)
        for case in CASES.values()
        for each in case.platforms
    }
    frameworks = ("torch", "onnxruntime-gpu", "tensorflow", "jax", "xgboost", "vllm")
    assert tried >= {(name, platform) for name in frameworks for platform in ("linux/amd64", "linux/arm64")}


@pytest.mark.parametrize(
    ("name", "platform"), [(name, platform) for name, case in CASES.items() for platform in case.platforms]
)
def test_published_frameworks(name: str, platform: str, tmp_path: Path) -> None:
    """The lock names gigabytes of wheels and none was downloaded; the proof says what is known of the framework."""
    case = CASES[name]
    variant = Variant(name="v", accelerator="cuda", cuda=case.cuda) if case.cuda else Variant(name="v")
    target = Target(
        variant="v",
        platform=Platform.parse(platform),
        python=PythonEnvironment(version="3.12.11", implementation="cp", glibc="2.36"),
        debs=(),
        wheels=_locked(case.requirements, Platform.parse(platform), tmp_path),
    )
    findings = closure_findings(variant, target)
    assert {finding.code for finding in findings} == case.codes, findings
    if case.cuda:
        assert sum(wheel.size for wheel in target.wheels) > 100_000_000
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 10_000_000
