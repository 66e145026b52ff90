"""What a new user does first, as the tool itself says: init, release, run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.network
@pytest.mark.sandbox
def test_init_release_run(tmp_path: Path) -> None:
    """The first spec is released as it is, and its service answers from its own root file system."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "generator")}
    tool = (sys.executable, "-m", "twinbuild.cli")
    for verb in (("init",), ("release", "--json")):
        ended = subprocess.run(
            (*tool, *verb), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=600
        )
        assert ended.returncode == 0, ended.stderr
    assert (
        json.loads(ended.stdout)["release"]
        == (Path(next((tmp_path / "dist").iterdir()), "release.digest")).read_text().strip()
    )
    command = (*tool, "run", "--json", "--publish", "0:8000")
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            (address,) = json.loads(running.stdout.readline())["listening"]
            assert _answer(f"{address}/healthz") == b"ok\n"
        finally:
            running.terminate()
            assert running.wait(60) == 0


def _answer(address: str) -> bytes:
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                content: bytes = answer.read()
                return content
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError("the service never answered")
