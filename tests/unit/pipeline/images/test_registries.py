"""Registries as the stages reach them."""

from __future__ import annotations

import base64
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from fakes.registry import FakeRegistry
from fakes.runner import FakeRunner
from twinbuild.model.reference import ImageReference
from twinbuild.model.settings import Settings
from twinbuild.pipeline.images.registries import open_registry
from twinbuild.pipeline.machine import Machine
from twinbuild.ports import silent
from twinbuild.store.memory import MemoryStore


def test_dockers_login_is_found(tmp_path: Path) -> None:
    """DOCKER_CONFIG of the caller's environment says who we are."""
    with FakeRegistry(user="me", password="pw") as registry:
        content = registry.put_image("a/b", "1", [])
        auth = base64.b64encode(b"me:pw").decode()
        (tmp_path / "config.json").write_text(json.dumps({"auths": {registry.authority: {"auth": auth}}}))
        machine = Machine(
            settings=Settings(store="/nowhere"),
            store=MemoryStore(),
            runner=FakeRunner(programs={}),
            environment={"DOCKER_CONFIG": str(tmp_path)},
            interpreter=Path(sys.executable),
            home="/nonexistent",
            scratch=tmp_path,
            now=datetime(2026, 1, 1, tzinfo=UTC),
            progress=silent,
        )
        with open_registry(machine) as client:
            assert client.manifest(ImageReference.parse(f"{registry.authority}/a/b:1")).content == content
