"""Target platforms and the names that each ecosystem gives to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from twinbuild.errors import SpecError

__all__ = ["SUPPORTED", "Platform"]

# OCI architecture: (Debian architecture, `uname -m`, GNU triplet, dynamic loader below the root)
_NAMES: Final = {
    "amd64": ("amd64", "x86_64", "x86_64-linux-gnu", "lib64/ld-linux-x86-64.so.2"),
    "arm64": ("arm64", "aarch64", "aarch64-linux-gnu", "lib/ld-linux-aarch64.so.1"),
}
SUPPORTED: Final = tuple(f"linux/{architecture}" for architecture in _NAMES)


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Platform:
    """An operating system and architecture in OCI's spelling, such as ``linux/amd64``."""

    os: str
    architecture: str

    def __post_init__(self) -> None:
        if self.os != "linux" or self.architecture not in _NAMES:
            raise SpecError.of(
                "TB1120",
                f"platform {str(self)!r} is not supported",
                hint=f"use one of {', '.join(SUPPORTED)}",
            )

    def __str__(self) -> str:
        return f"{self.os}/{self.architecture}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The value of ``os/architecture``. Raises SpecError TB1120."""
        system, _, architecture = text.partition("/")
        return cls(os=system, architecture=architecture)

    @property
    def file_part(self) -> str:
        """The platform as part of a file name: ``linux-amd64``."""
        return f"{self.os}-{self.architecture}"

    @property
    def debian(self) -> str:
        """Debian's name of the architecture (dpkg-architecture(1), DEB_HOST_ARCH)."""
        return _NAMES[self.architecture][0]

    @property
    def machine(self) -> str:
        """What ``uname -m`` prints there, which is also the suffix of wheel platform tags."""
        return _NAMES[self.architecture][1]

    @property
    def triplet(self) -> str:
        """The GNU triplet, Debian's multi-arch directory name."""
        return _NAMES[self.architecture][2]

    @property
    def loader(self) -> str:
        """The dynamic loader's path below the root file system."""
        return _NAMES[self.architecture][3]
