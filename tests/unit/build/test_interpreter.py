from __future__ import annotations

import pytest

from twinbuild.build.interpreter import runnable
from twinbuild.errors import BuildError
from twinbuild.model.digest import Digest
from twinbuild.model.plan import Interpreter, InterpreterBuild
from twinbuild.model.platform import Platform

AMD64, ARM64 = (
    InterpreterBuild(platform=Platform.parse(f"linux/{architecture}"), debs=()) for architecture in ("amd64", "arm64")
)


def _interpreter(*builds: InterpreterBuild) -> Interpreter:
    return Interpreter(version="3.11.2", executable="usr/bin/python3.11", program=Digest.of(b"program"), builds=builds)


def test_the_machine_decides() -> None:
    """Of several builds the one that the machine can run is taken, whatever the image is for."""
    both = _interpreter(AMD64, ARM64)
    assert runnable(both, "x86_64") == AMD64
    assert runnable(both, "aarch64") == ARM64


def test_none_for_the_machine() -> None:
    """The error says what the lock has, and what to add."""
    with pytest.raises(BuildError) as caught:
        runnable(_interpreter(ARM64), "x86_64")
    (finding,) = caught.value.findings
    assert finding.code == "TB5013"
    assert "3.11.2" in finding.message
    assert "linux/arm64" in finding.message
    assert "environment.platforms" in finding.hint
