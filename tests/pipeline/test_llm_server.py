"""The example with accelerator variants: one variant is released alone, with the committed digest, and answers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "llm-server"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "generator")}


def _twinbuild(*arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "twinbuild.cli", *arguments],
        cwd=directory,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=800,
    )


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.sandbox
def test_one_variant_of_three(tmp_path: Path) -> None:
    """The lock has all three; `--variant cpu` fetches no CUDA, and its service continues what it learned."""
    example = tmp_path / "copy"
    shutil.copytree(EXAMPLE, example, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    completed = _twinbuild("release", "--locked", "--variant", "cpu", "--json", directory=example)
    assert completed.returncode == 0, completed.stderr
    released = json.loads(completed.stdout)
    assert released["release"] == (EXAMPLE / "release.cpu.digest").read_text().strip()
    assert [image["variant"] for image in released["images"]] == ["cpu"]
    manifest = json.loads((example / "dist" / "llm-server-1.0.0-cpu" / "manifest.json").read_text())
    assert manifest["environment"]["subset_of"] == ["cpu", "cuda12", "cuda13"]
    assert [target["variant"] for target in manifest["environment"]["targets"]] == ["cpu"]
    cells = json.loads(_twinbuild("matrix", "--json", directory=example).stdout)["cells"]
    assert {cell["variant"]: cell["lock"] for cell in cells} == dict.fromkeys(("cpu", "cuda12", "cuda13"), "fresh")
    assert {cell["variant"]: bool(cell["image"]) for cell in cells} == {"cpu": True, "cuda12": False, "cuda13": False}
    assert _answer(example) == {"model_version": "1.0.0", "completion": "wheels, packages and weights by "}


def _answer(example: Path) -> object:
    """What the service in the sandbox says to the spec's golden test."""
    command = [sys.executable, "-m", "twinbuild.cli", "run", "--json", "--variant", "cpu", "--publish", "0:8000"]
    with subprocess.Popen(
        command, cwd=example, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        try:
            (address,) = json.loads(process.stdout.readline())["listening"]
            return _post(f"{address}/complete", {"prompt": "a lock names ", "tokens": 32})
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


def _post(url: str, body: object) -> object:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    end = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
