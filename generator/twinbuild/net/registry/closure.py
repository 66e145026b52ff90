"""Everything that belongs to an image or index: manifests from the bottom up, and blobs, each once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.errors import IntegrityError
from twinbuild.model.image import Descriptor
from twinbuild.model.platform import Platform
from twinbuild.net.registry.document import (
    LARGEST_DOCUMENT,
    MEDIA_TYPES,
    Entry,
    FetchedManifest,
    choose,
    entries_of,
    parts_of,
)

__all__ = ["Closure", "close_over"]

_DEEPEST: Final = 4  # of indexes in indexes
_MANIFESTS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """What an image or index consists of. ``manifests`` has what is referred to before what refers; the top is last."""

    manifests: tuple[FetchedManifest, ...]
    blobs: tuple[Descriptor, ...]

    @property
    def top(self) -> FetchedManifest:
        """What was asked for."""
        return self.manifests[-1]


def close_over(
    top: FetchedManifest,
    read: Callable[[Descriptor], FetchedManifest],
    *,
    platforms: Collection[Platform] | None = None,
) -> Closure:
    """Follow an image or index to all that it needs. ``read`` brings a manifest by digest, checked.

    With ``platforms`` only those are followed: an index of which one is taken is replaced by that image, of several it
    stays. Raises FetchError TB3214; IntegrityError TB3212 (another document than the index says), TB4335, TB4338.
    """
    manifests: dict[str, FetchedManifest] = {}
    blobs: dict[str, Descriptor] = {}

    def follow(manifest: FetchedManifest, depth: int) -> None:
        name = str(manifest.digest)
        if name in manifests:
            return
        if depth > _DEEPEST or len(manifests) >= _MANIFESTS:
            raise _endless(name)
        if not manifest.is_index:
            parts = parts_of(manifest)
            blobs.update((str(blob.digest), blob) for blob in (parts.config, *parts.layers))
        else:
            for descriptor in _wanted(manifest, platforms):
                follow(_read(descriptor, read), depth + 1)
        manifests[name] = manifest

    if top.is_index and platforms is not None and len(platforms) == 1:
        (only,) = platforms
        top = _read(choose(entries_of(top), only, where=str(top.digest)), read)
    follow(top, 1)
    return Closure(manifests=tuple(manifests.values()), blobs=tuple(blobs.values()))


def _wanted(index: FetchedManifest, platforms: Collection[Platform] | None) -> tuple[Descriptor, ...]:
    entries = entries_of(index)
    if platforms is None:
        return tuple(entry.descriptor for entry in entries if _is_manifest(entry))
    return tuple(dict.fromkeys(choose(entries, platform, where=str(index.digest)) for platform in sorted(platforms)))


def _is_manifest(entry: Entry) -> bool:
    if entry.descriptor.media_type in MEDIA_TYPES:
        return True
    raise IntegrityError.of(
        "TB4333",
        f"the index lists a {entry.descriptor.media_type[:100]!r}, expected images and indexes",
        hint="push or pull one of its images by digest",
        where=str(entry.descriptor.digest),
    )


def _read(descriptor: Descriptor, read: Callable[[Descriptor], FetchedManifest]) -> FetchedManifest:
    found = read(descriptor) if descriptor.size <= LARGEST_DOCUMENT else None
    if found is None or found.descriptor != descriptor:
        got = "more than 4 MiB" if found is None else f"{found.media_type}, {counted(len(found.content), 'byte')}"
        raise IntegrityError.of(
            "TB3212",
            f"the index says {descriptor.media_type[:100]}, {counted(descriptor.size, 'byte')}; the manifest is {got}",
            hint="do not use the image; report it to whoever made it",
            where=str(descriptor.digest),
        )
    return found


def _endless(name: str) -> IntegrityError:
    return IntegrityError.of(
        "TB4338",
        f"indexes nested deeper than {_DEEPEST}, or more than {_MANIFESTS} manifests",
        hint="do not use the image; report it to whoever made it",
        where=name,
    )
