"""What there is of Docker on this machine, for ``twinbuild doctor``: looked at, never started and never changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from twinbuild.build.docker.engine import BUILDER_FIELD, Engine, buildx_version, docker_environment, engine_of
from twinbuild.errors import EnvironmentFault
from twinbuild.ports import Runner

__all__ = ["Builder", "engine_address", "look_at_builder", "look_at_engine"]

_PATIENCE: Final = 5  # seconds for an engine
_LOCAL: Final = ("unix:", "npipe:", "fd:", "/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """buildx, and the builder that it would use; its fields are "" where it does not say."""

    version: str
    name: str
    driver: str
    buildkit: str
    platforms: tuple[str, ...]


def engine_address(runner: Runner, environment: Mapping[str, str]) -> tuple[str, bool]:
    """The address of the engine that the command line would use ("" where it cannot be told), and whether it is here.

    It may hold a user name and a password. Raises EnvironmentFault where the program cannot be started.
    """
    address = environment.get("DOCKER_HOST", "")
    if not address:
        asked = runner.run(
            ("docker", "context", "inspect"), environment=docker_environment(environment), timeout=_PATIENCE
        )
        try:
            (context,) = json.loads(asked.stdout)
            address = str(context["Endpoints"]["docker"]["Host"])
        except (ValueError, KeyError, TypeError):
            return "", True
    return address, address.startswith(_LOCAL)


def look_at_engine(runner: Runner, environment: Mapping[str, str]) -> Engine:
    """The engine. Raises EnvironmentFault TB5201 where none answers within seconds."""
    return engine_of(runner, environment, timeout=_PATIENCE)


def look_at_builder(runner: Runner, environment: Mapping[str, str], *, ask: bool) -> Builder:
    """buildx, and where ``ask`` the builder that a build would use; one that does not run is not started.

    Raises EnvironmentFault TB5200, TB5202.
    """
    shown = docker_environment(environment)
    version = buildx_version(runner, shown)
    fields: dict[str, str] = {}
    if ask:
        try:
            inspected = runner.run(("docker", "buildx", "inspect"), environment=shown, timeout=4 * _PATIENCE)
            found = BUILDER_FIELD.findall(inspected.stdout.decode(errors="replace"))
            fields = {name.strip(): value for name, value in reversed(found)}
        except EnvironmentFault:  # it does not answer: what it is, nobody says
            fields = {}
    return Builder(
        version=version,
        name=fields.get("Name", ""),
        driver=fields.get("Driver", ""),
        buildkit=fields.get("Buildkit", fields.get("BuildKit version", "")),
        platforms=tuple(part.strip(" *") for part in fields.get("Platforms", "").split(",") if part.strip()),
    )
