"""What BuildKit is given to build on. That it builds the same is shown by a real engine (``tests/oracle``)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from fakes.machines import machine
from fakes.tiny import tiny_project
from twinbuild.build.docker.builder import DockerBuilder, Surroundings
from twinbuild.build.docker.engine import Toolchain
from twinbuild.model.plan import Derivation
from twinbuild.pipeline.build.building import build_images, plan_release
from twinbuild.pipeline.project import open_project, read_lock, require_lock
from twinbuild.store.disk import DiskStore
from twinbuild.store.overlay import OverlayStore

_TOOLCHAIN: Final = Toolchain(
    docker="docker", buildx="", builder="", driver="docker", buildkit="", platforms=(), engine=None, environment=()
)


class _Reached(Exception):
    """The base lies there, and the context would be written now."""


def test_a_base_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    """However often BuildKit builds, its base comes out of the layer cache of the assembler."""
    project = open_project(tiny_project(tmp_path / "project", tmp_path / "store"))
    handed: list[bytes] = []

    def stop(_: Derivation, context: Path, __: Surroundings) -> None:
        handed.append((context.parent / "base" / "index.json").read_bytes())
        raise _Reached

    with DiskStore(tmp_path / "store") as store:
        here = machine(store, tmp_path / "scratch")
        plan = plan_release(project, require_lock(read_lock(project), project), epoch=0)
        build_images(plan, here)
        for number in range(2):
            with DiskStore(tmp_path / f"above-{number}") as above:
                builder = DockerBuilder(
                    store=OverlayStore(above=above, below=store),
                    assembled=store,
                    runner=here.runner,
                    scratch=here.scratch,
                    toolchain=_TOOLCHAIN,
                    write_context=stop,
                )
                with pytest.raises(_Reached):
                    builder.build(plan.derivations[0])
                assert list(above.blobs()) == []
    assert len(handed) == 2
    assert handed[0] == handed[1]
