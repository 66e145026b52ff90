"""A real CUDA image: torch and NVIDIA's libraries, 2.8 GB of wheels, on a base from a registry. The committed digest.

No card is here, so that the service is refused at its start; torch's own code runs all the same.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.docker_registry import PROGRAM, real_registry
from fakes.tool import process

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "llm-server"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.network,
    pytest.mark.sandbox,
    pytest.mark.skipif(PROGRAM is None, reason="needs docker-registry"),
]
VARIANT, CUDA = "cuda13", "13.0.2"
_SPACE = 16 << 30
_PROGRAM = (
    "import torch; from pathlib import Path; from service.model import Writer; "
    "print(torch.version.cuda, torch.cuda.is_available(), "
    "repr(Writer(Path('/models/gpt'), threads=1).continue_text('a lock names ', 32)))"
)
_ENTRY = "/usr/bin/python3.11 -I -S /etc/twinbuild/preflight.py --"


def test_a_cuda_variant(tmp_path: Path) -> None:
    """Fetched by the lock into an empty store, built twice, and what its own code says; nothing of other variants."""
    if shutil.disk_usage(tmp_path).free < _SPACE:
        pytest.skip(f"needs {_SPACE >> 30} GiB of disk")
    example = tmp_path / "copy"
    shutil.copytree(EXAMPLE, example, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    subprocess.run(
        [sys.executable, str(ROOT / "tools/cuda_base.py"), str(tmp_path / "cuda")],
        env={**os.environ, "PYTHONPATH": str(ROOT / "generator")},
        check=True,
        capture_output=True,
    )
    store = {"TWINBUILD_STORE": str(tmp_path / "store")}
    with real_registry(tmp_path / "registry") as registry:
        name = f"{registry.authority}/cuda:{CUDA}-base-debian12"
        pushed = process("push", str(tmp_path / "cuda" / CUDA), name, directory=example, timeout=1700)
        assert pushed.returncode == 0, pushed.stderr
        store["TWINBUILD_REGISTRY_MIRRORS"] = f"registry.example=http://{registry.authority}"
        done = process("fetch", "--variant", VARIANT, directory=example, timeout=1700, **store)
        assert done.returncode == 0, done.stderr
    done = process(
        "release", "--locked", "--offline", "--variant", VARIANT, "--json", directory=example, timeout=1700, **store
    )
    assert done.returncode == 0, done.stderr
    released = json.loads(done.stdout)
    assert released["release"] == (EXAMPLE / f"release.{VARIANT}.digest").read_text().strip()
    shutil.rmtree(example / "dist")  # the store has it all

    # In one run, for an image of this size takes long to unpack: its own code, then what its entry point says.
    command = shlex.join(["sh", "-c", f'python -c "{_PROGRAM}"; {_ENTRY} true; echo $?'])
    told = process("run", "--variant", VARIANT, "--exec", command, directory=example, timeout=1700, **store)
    lines = told.stdout.splitlines()
    assert (lines[0], lines[-1]) == ("13.0 False 'wheels, packages and weights by '", "78"), told.stderr
    assert "llm-server 1.0.0 (cuda13) refuses to start: TB540" in told.stderr + told.stdout
    assert "driver" in told.stderr + told.stdout
    shutil.rmtree(tmp_path / "store", ignore_errors=True)
