"""A small service that is released once for all tests of this directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.tool import process


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project that `init --family python-service` writes, released in its `dist`; whoever changes it copies it."""
    directory = tmp_path_factory.mktemp("begun") / "service"
    begun = process("init", "--family", "python-service", str(directory))
    assert begun.returncode == 0, begun.stderr
    with (directory / "release.yaml").open("a") as spec:  # a batch that takes far longer than a single row
        spec.write("\nconfiguration:\n  parameters:\n    - {name: batch_limit, maximum: 4096}\n")
    released = process("release", "-q", str(directory))
    assert released.returncode == 0, released.stderr
    return directory
