"""Another resolver's opinion: uv and we choose equal names and versions for real requirement sets.

Metadata only: no wheel is downloaded. A set's four targets are resolved side by side, since each waits for the index
most of the time.
"""

from __future__ import annotations

import fcntl
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from twinbuild.model.lock import PythonEnvironment
from twinbuild.model.platform import Platform
from twinbuild.model.settings import Settings
from twinbuild.process.runner import SubprocessRunner
from twinbuild.resolve.pipconfig import PipConfiguration, read_pip_configuration
from twinbuild.resolve.python import resolve_python
from twinbuild.resolve.python_index import PythonIndex
from twinbuild.resolve.python_resolver import PythonResolver, prepare_resolver

pytestmark = [pytest.mark.slow, pytest.mark.network]

UV = "0.13.9"
CUTOFF = date(2026, 11, 20)  # both see the same files, whatever is uploaded while this runs
SETS = {
    "scikit-learn service": ("scikit-learn==1.7.2", "fastapi", "uvicorn[standard]", "prometheus-client"),
    "boosting": ("xgboost", "lightgbm", "catboost", "pandas"),
    "torch": ("torch==2.9.0", "numpy"),
    "transformers": ("transformers[torch]", "accelerate", "safetensors"),
    "sentence transformers": ("sentence-transformers",),
    "lightning": ("lightning", "torchmetrics", "torchvision"),
    "jax": ("jax", "flax", "optax"),
    "tensorflow": ("tensorflow", "numpy"),
    "onnx": ("onnxruntime", "tokenizers", "numpy<3", "pillow"),
    "spacy": ("spacy", "typer"),
    "datasets": ("datasets", "evaluate", "huggingface-hub"),
    "explain and tune": ("shap", "optuna", "statsmodels"),
    "vision": ("opencv-python-headless", "albumentations", "scikit-image"),
    "retrieval": ("faiss-cpu", "openai", "tiktoken", "rank-bm25"),
    "tracking": ("mlflow-skinny", "boto3", "pyarrow"),
}
TARGETS = tuple((python, platform) for python in ("3.11.2", "3.12.3") for platform in ("linux/amd64", "linux/arm64"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Both resolvers, ready."""

    runner: SubprocessRunner
    resolver: PythonResolver
    index: PythonIndex
    settings: Settings
    uv: Path
    cache: Path


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Our resolver environment and a uv of a known version, made anew, once for all processes of a run."""
    base = tmp_path_factory.getbasetemp()
    base = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "oracle-python-uv"
    base.mkdir(exist_ok=True)
    runner = SubprocessRunner()
    interpreter = Path(sys.executable)
    told = read_pip_configuration(runner, interpreters=(interpreter,), environment=tuple(os.environ.items()))
    settings = Settings(store=str(base / "store"), certificates=told.certificates)
    index = PythonIndex(name="default", address=told.index)
    uv = base / "uv" / "bin" / "uv"
    with (base / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        resolver = prepare_resolver(
            runner=runner,
            directory=base / "resolver",
            interpreter=interpreter,
            index=index,
            settings=settings,
            home=str(base),
        )
        if not uv.exists():
            install_uv(runner, base / "uv", told)
    return Bench(runner=runner, resolver=resolver, index=index, settings=settings, uv=uv, cache=base / "uv-cache")


def install_uv(runner: SubprocessRunner, place: Path, told: PipConfiguration) -> None:
    """An environment with uv alone."""
    environment = [("PATH", "/usr/bin:/bin"), ("PIP_CONFIG_FILE", os.devnull), ("PIP_INDEX_URL", told.index)]
    if told.certificates:
        environment.append(("PIP_CERT", told.certificates))
    for argv in (
        (sys.executable, "-m", "venv", str(place)),
        (str(place / "bin" / "python"), "-m", "pip", "install", "-q", "--only-binary=:all:", f"uv=={UV}"),
    ):
        completed = runner.run(argv, environment=tuple(environment), timeout=600.0)
        assert completed.status == 0, completed.stderr.decode()


def by_uv(bench: Bench, requirements: tuple[str, ...], python: str, platform: Platform) -> dict[str, str]:
    """Names and versions that uv chooses for the same target."""
    argv = [str(bench.uv), "pip", "compile", "-", "--no-config", "--quiet", "--no-header", "--no-annotate"]
    argv += ["--no-python-downloads"]  # the target's Python need not be here
    argv += ["--python-version", python, "--python-platform", f"{platform.machine}-manylinux_2_36"]
    argv += ["--only-binary", ":all:", "--no-strip-extras", "--index-url", bench.index.address]
    argv += ["--exclude-newer", f"{CUTOFF.isoformat()}T00:00:00Z", "--cache-dir", str(bench.cache)]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(bench.cache)}
    if bench.settings.certificates:
        environment["SSL_CERT_FILE"] = bench.settings.certificates
    completed = bench.runner.run(
        tuple(argv), environment=tuple(environment.items()), stdin="\n".join(requirements).encode(), timeout=600.0
    )
    assert completed.status == 0, completed.stderr.decode()
    lines = (line.partition(";")[0].strip() for line in completed.stdout.decode().splitlines())
    pins = (line.partition("==") for line in lines if "==" in line)
    return {name.partition("[")[0]: version for name, _, version in pins}


def by_us(bench: Bench, requirements: tuple[str, ...], python: str, platform: Platform) -> dict[str, str]:
    """Names and versions that pip-compile behind our shim chooses."""
    wheels = resolve_python(
        requirements,
        python=PythonEnvironment(version=python, implementation="cp", glibc="2.36"),
        platform=platform,
        indexes=(bench.index,),
        resolver=bench.resolver,
        runner=bench.runner,
        settings=bench.settings,
        home=str(bench.cache),
        exclude_newer=CUTOFF,
    )
    return {wheel.name: wheel.version for wheel in wheels}


@pytest.mark.parametrize("requirements", SETS.values(), ids=SETS.keys())
def test_uv_agrees(bench: Bench, requirements: tuple[str, ...]) -> None:
    """For two Pythons on two platforms, both choose the same projects in the same versions."""

    def both(target: tuple[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        python, platform = target[0], Platform.parse(target[1])
        return by_us(bench, requirements, python, platform), by_uv(bench, requirements, python, platform)

    with ThreadPoolExecutor(len(TARGETS)) as pool:
        answers = dict(zip(TARGETS, pool.map(both, TARGETS), strict=True))
    assert all(ours for ours, _ in answers.values())
    assert {target: ours for target, (ours, _) in answers.items()} == {
        target: theirs for target, (_, theirs) in answers.items()
    }
