"""The command line in this process, as ``twinbuild`` runs it, or in one of its own, and projects to run it on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from twinbuild.cli.__main__ import cli
from twinbuild.cli.outcome import run

__all__ = ["EXAMPLES", "Ended", "Tool", "process", "tool"]

_ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = _ROOT / "examples"


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


Tool = Callable[..., Ended]


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Tool:
    """``tool("store", "verify")`` in an empty directory, with a store, a home and a temporary directory of its own."""
    for name, value in {"TWINBUILD_STORE": "store", "HOME": "home", "TMPDIR": "tmp"}.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    (tmp_path / "tmp").mkdir()
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")

    def call(*arguments: str) -> Ended:
        capfd.readouterr()
        status = run(cli, arguments)
        return Ended(status, *capfd.readouterr())

    return call


def process(
    *arguments: str | Path, directory: Path | None = None, timeout: float = 900, umask: int = -1, **variables: str
) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own, with these environment variables besides."""
    return subprocess.run(
        [sys.executable, "-m", "twinbuild.cli", *map(str, arguments)],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(_ROOT / "generator"), **variables},
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
