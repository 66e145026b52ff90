"""Names that the project gives, without a registry or a domain: everything hangs on one UUID (docs/sbom.md)."""

from __future__ import annotations

import uuid
from typing import Final

__all__ = ["BUILDER", "BUILD_TYPE", "DOCKER_BUILDER", "PROJECT", "WITNESS"]

PROJECT: Final = uuid.UUID("5a1f8e5c-2f0b-5c39-9d3e-7d1f4a1c0b6e")
BUILD_TYPE: Final = f"{PROJECT.urn}#build/embedded/v1"
BUILDER: Final = f"{PROJECT.urn}#builder/embedded"
DOCKER_BUILDER: Final = f"{PROJECT.urn}#builder/docker"
WITNESS: Final = f"{PROJECT.urn}#witness/v1"  # docs/docker.md
