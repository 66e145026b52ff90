"""Registries as the stages reach them: with Docker's logins, under the machine's settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from twinbuild.pipeline.machine import Machine

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.net.registry.client import RegistryClient

__all__ = ["open_registry"]


@contextmanager
def open_registry(machine: Machine) -> Iterator[RegistryClient]:
    """A client of registries for this machine. Its threads end when the context is left by an interruption."""
    from twinbuild.net.registry.client import RegistryClient
    from twinbuild.net.registry.logins import Logins, docker_configuration

    logins = Logins(
        docker_configuration(machine.environment, machine.home), runner=machine.runner, environment=machine.environment
    )
    client = RegistryClient(machine.settings, logins=logins)
    try:
        yield client
    except BaseException:
        client.http.stop()
        raise
    finally:
        client.close()
