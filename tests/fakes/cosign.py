"""Sigstore's cosign, where ``tools/cosign`` has unpacked it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["Cosign", "cosign"]


class Cosign:
    """Runs cosign with an empty home and without a network's log."""

    def __init__(self, program: str, home: Path) -> None:
        self._program = program
        self._home = home

    def verifies(self, verb: str, *arguments: str | Path) -> bool:
        """Whether cosign takes it. What it says of a refusal is about a signature or a digest, not about usage."""
        ended = self.run(verb, "--insecure-ignore-tlog", *arguments)
        if ended.returncode != 0:
            assert "unknown flag" not in ended.stderr, ended.stderr
            assert "Usage" not in ended.stderr, ended.stderr
        return ended.returncode == 0

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run it, with keys that have no passphrase."""
        return subprocess.run(
            [self._program, *map(str, arguments)],
            env={"HOME": str(self._home), "PATH": "/usr/bin:/bin", "COSIGN_PASSWORD": ""},
            cwd=self._home,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture
def cosign(tmp_path: Path) -> Cosign:
    """cosign; a test that finds none is skipped, and in CI fails."""
    program = shutil.which("cosign")
    if program is None:
        pytest.skip('no cosign: eval "$(tools/cosign path)"')
    (tmp_path / "home").mkdir(exist_ok=True)
    return Cosign(program, tmp_path / "home")
