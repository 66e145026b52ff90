"""twinbuild itself as an image that runs where the host has no Python: which one it is, by digest."""

from __future__ import annotations

from dataclasses import dataclass

from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor, Image
from twinbuild.model.platform import Platform

__all__ = ["ToolRoot"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRoot:
    """A packed twinbuild. Its identity is ``digest``: the same code and lock give the same bytes on every machine."""

    version: str  # of twinbuild
    python: str  # 3.11.2
    code: Digest  # of the paths and digests of twinbuild's own files
    lock: Digest  # of the lock of its packages and libraries
    image: Image

    @property
    def digest(self) -> Digest:
        """Of the image's manifest."""
        return self.image.manifest.digest

    @property
    def platform(self) -> Platform:
        """What it runs on."""
        return self.image.platform

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """All that must be kept to run it: manifest, configuration and layers, each once."""
        blobs = (self.image.manifest, self.image.config, *(layer.blob for layer in self.image.layers))
        return tuple({blob.digest: blob for blob in blobs}.values())

    @property
    def unpacked_size(self) -> int:
        """Bytes of the layers' archives, which is about what they take on disk."""
        return sum(layer.uncompressed_size for layer in self.image.layers)
