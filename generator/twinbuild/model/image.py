"""Built images: descriptors, layers and images by digest (OCI image-spec)."""

from __future__ import annotations

from dataclasses import dataclass

from twinbuild.model.digest import Digest
from twinbuild.model.platform import Platform

__all__ = ["BaseHistory", "BuiltLayer", "Descriptor", "Image", "ImageIndex"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """A content descriptor (descriptor.md): media type, digest and size in bytes."""

    media_type: str
    digest: Digest
    size: int

    def __post_init__(self) -> None:
        assert self.size >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseHistory:
    """An entry of a base image's history (OCI image-spec, config.md); what is not there is empty."""

    created: str
    created_by: str
    author: str
    comment: str
    empty_layer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltLayer:
    """A finished layer. ``diff_id`` is the digest of the tar and the durable identity; ``blob`` is it as stored."""

    derivation: Digest
    title: str
    diff_id: Digest
    uncompressed_size: int
    blob: Descriptor


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A finished image: its manifest and configuration are blobs of the store, as are its layers."""

    derivation: Digest
    variant: str
    platform: Platform
    manifest: Descriptor
    config: Descriptor
    layers: tuple[BuiltLayer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageIndex:
    """The images of one variant for several platforms as one document, an image index: what an engine chooses from."""

    variant: str
    platforms: tuple[Platform, ...]  # sorted
    descriptor: Descriptor
    content: bytes
