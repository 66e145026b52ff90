"""The releases of an archive as sources of pages: each is laid out when it is asked for, and goes again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from twinbuild.archive.summaries import summaries
from twinbuild.describe.site.published import Published
from twinbuild.govern.keys import PublicKey
from twinbuild.model.archive import Kept
from twinbuild.pipeline.archive.viewing import no_layers, viewed
from twinbuild.pipeline.challenge.statements import Statement
from twinbuild.pipeline.site.layers import Layers
from twinbuild.pipeline.site.reading import Trail, published
from twinbuild.pipeline.site.writing import Source
from twinbuild.ports import ReleaseArchive

__all__ = ["archived_sources"]


def archived_sources(
    archive: ReleaseArchive,
    scratch: Path,
    trail: Trail,
    keys: tuple[PublicKey, ...],
    *,
    layers: Layers | None = None,
    heard: tuple[Statement, ...] = (),
) -> Iterator[Source]:
    """A source for each release. ``layers`` reads its layers where the archive has them.

    They are laid out only where a key is to be verified, which looks at all of it.
    """
    read = partial(published, trail=trail, keys=keys, layers=layers, opened=archive.blobs.open, heard=heard)
    for summary in summaries(archive):
        yield partial(_published, archive, summary.kept, scratch, read, whole=bool(keys))


def _published(
    archive: ReleaseArchive, kept: Kept, scratch: Path, read: Callable[[Path], Published], *, whole: bool
) -> Published:
    with viewed(archive, archive.release(kept), scratch, wanted=lambda file: whole or no_layers(file)) as place:
        return read(place)
