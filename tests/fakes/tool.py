"""The command line in this process, as ``twinbuild`` runs it, and projects to run it on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from twinbuild.cli.__main__ import cli
from twinbuild.cli.outcome import run

__all__ = ["EXAMPLES", "Ended", "Tool", "tool"]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


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
