"""The real promtool, on files of a test."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

__all__ = ["promtool", "promtool_says"]

_UNPACKED = Path("/var/tmp/twinbuild-promtool/usr/bin/promtool")  # by tools/promtool


def promtool() -> str:
    """Its path; the test is skipped where it is missing."""
    found = shutil.which("promtool") or (str(_UNPACKED) if _UNPACKED.exists() else None)
    if found is None:
        pytest.skip("promtool is missing: `tools/promtool path` unpacks it from Debian's prometheus package")
    return found


def promtool_says(verb: str, directory: Path, files: Mapping[str, bytes], *names: str) -> tuple[int, str]:
    """Status and words of ``promtool VERB rules NAMES`` in a directory with these files."""
    program = promtool()
    for path, content in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(content)
    done = subprocess.run(
        [program, verb, "rules", *names], cwd=directory, capture_output=True, text=True, timeout=300, check=False
    )
    return done.returncode, done.stdout + done.stderr
