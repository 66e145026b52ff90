"""What somebody got who built a release's images from its sources: the value of a rebuilder's statement."""

from __future__ import annotations

from dataclasses import dataclass

from twinbuild.model.digest import Digest

__all__ = ["Rebuilt", "RebuiltImage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuiltImage:
    """An image of a variant and platform; ``derivation`` names all that was to decide its bytes."""

    variant: str
    platform: str
    derivation: Digest
    digest: Digest

    @property
    def name(self) -> str:
        """What it is called among the images of a release."""
        return f"{self.variant} {self.platform}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """The release, by name, version, lock and files of the application; its images, sorted; and what built them."""

    name: str
    version: str
    lock: Digest
    source: Digest
    images: tuple[RebuiltImage, ...]
    tool: str
    python: str
