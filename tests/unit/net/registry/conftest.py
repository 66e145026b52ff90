"""A fake registry, and clients that wait for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.registry import FakeRegistry
from twinbuild.model.reference import ImageReference
from twinbuild.model.settings import Settings
from twinbuild.net.http import HttpClient
from twinbuild.net.registry.client import RegistryClient
from twinbuild.net.registry.logins import Logins


class Clients:
    """Makes clients. ``pauses`` are the waits of all of them, which took no time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.pauses: list[float] = []
        self.now = 0.0

    def __call__(self, *, auths: dict[str, dict[str, str]] | None = None, **settings: object) -> RegistryClient:
        """A client under these settings, with the entries of a config.json."""
        fields: dict[str, object] = {"store": "/nowhere", "timeout": 20.0, "retries": 2, **settings}
        chosen = Settings(**fields)  # type: ignore[arg-type]
        path = self._directory / "config.json"
        path.write_text(json.dumps({"auths": auths or {}}))
        return RegistryClient(
            chosen,
            logins=Logins(path, runner=None, environment={}),
            http=HttpClient(chosen, pause=self.pauses.append),
            clock=lambda: self.now,
        )


@pytest.fixture
def clients(tmp_path: Path) -> Clients:
    """How clients are made."""
    return Clients(tmp_path)


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A registry that keeps to the rules."""
    with FakeRegistry() as running:
        yield running


def named(registry: FakeRegistry, name: str = "team/model:1") -> ImageReference:
    """A reference into a registry."""
    return ImageReference.parse(f"{registry.authority}/{name}")
