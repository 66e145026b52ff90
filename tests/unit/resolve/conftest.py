"""What tests of Python resolution share: one real resolver environment, and a short way to resolve."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twinbuild.model.lock import LockedWheel, PythonEnvironment
from twinbuild.model.platform import Platform
from twinbuild.model.settings import Settings, store_place
from twinbuild.process.runner import SubprocessRunner
from twinbuild.resolve.pipconfig import PipConfiguration, read_pip_configuration
from twinbuild.resolve.python import resolve_python
from twinbuild.resolve.python_index import PythonIndex
from twinbuild.resolve.python_resolver import PythonResolver, prepare_resolver

Resolve = Callable[..., tuple[LockedWheel, ...]]


@pytest.fixture(scope="session")
def pip() -> PipConfiguration:
    """Where this machine's own pip looks."""
    return read_pip_configuration(
        SubprocessRunner(), interpreters=(Path(sys.executable),), environment=tuple(os.environ.items())
    )


@pytest.fixture(scope="session")
def resolver(pip: PipConfiguration) -> PythonResolver:
    """The pinned pip and pip-tools, installed once for all runs of the tests: its name is the digest of its lock."""
    base = Path(store_place(os.environ, str(Path.home()))) / "resolvers"
    return prepare_resolver(
        runner=SubprocessRunner(),
        directory=base,
        interpreter=Path(sys.executable),
        index=PythonIndex(name="default", address=pip.index),
        settings=Settings(store=str(base), certificates=pip.certificates, retries=1),
        home=str(base),
    )


@pytest.fixture
def resolve(resolver: PythonResolver, tmp_path: Path) -> Resolve:
    """``resolve(*requirements, index=ADDRESS or indexes=…, …)`` for CPython 3.11 on x86_64 with glibc 2.36."""

    def call(*requirements: str, index: str = "", **changes: Any) -> tuple[LockedWheel, ...]:
        arguments = {
            "python": PythonEnvironment(version=changes.pop("version", "3.11.2"), implementation="cp", glibc="2.36"),
            "platform": Platform.parse(changes.pop("on", "linux/amd64")),
            "indexes": (PythonIndex(name="default", address=index),),
            "resolver": resolver,
            "runner": SubprocessRunner(),
            "settings": Settings(store=str(tmp_path), retries=0, timeout=10),
            "home": str(tmp_path),
        }
        return resolve_python(requirements, **(arguments | changes))

    return call
