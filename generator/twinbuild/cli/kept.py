"""Releases by name for verbs that read directories: of an archive, laid out for as long as they are looked at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import NamedPath

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.archive.directory import Archive
    from twinbuild.model.archive import ArchivedFile
    from twinbuild.model.digest import Digest
    from twinbuild.pipeline.archive.viewing import Wanted

__all__ = ["from_archive_option", "kept_archive", "laid_out", "laid_out_pair"]

# Not of the environment: whoever names a directory means it, wherever releases are archived.
from_archive_option = click.option(
    "--archive",
    "place",
    type=NamedPath(path_type=Path),
    metavar="DIR",
    help="Releases are named by NAME@VERSION or digest, and kept in this archive.",
)


@contextmanager
def kept_archive(place: Path) -> Iterator[tuple[Archive, Path]]:
    """An archive, and a directory for what is taken out of it."""
    from twinbuild.archive.directory import Archive
    from twinbuild.cli.scratch import scratch_in_use

    with Archive(place) as archive, scratch_in_use(os.environ) as scratch:
        yield archive, scratch


@contextmanager
def laid_out(place: Path | None, name: Path, *, layers: bool) -> Iterator[Path]:
    """The directory of a release of the archive, with its layers or without; without an archive ``name`` itself."""
    if place is None:
        yield name
        return
    from twinbuild.pipeline.archive.naming import chosen
    from twinbuild.pipeline.archive.viewing import no_layers, viewed

    with kept_archive(place) as (archive, scratch):
        release = archive.release(chosen(archive, str(name)).kept)
        wanted: Wanted = (lambda _: True) if layers else no_layers
        with viewed(archive, release, scratch, wanted=wanted) as directory:
            yield directory


@contextmanager
def laid_out_pair(place: Path | None, names: tuple[Path, Path], *, layers: bool) -> Iterator[tuple[Path, Path]]:
    """Two of them; of the layers those that only one of them has. What has a slash in it is a path as ever."""
    if place is None:
        yield names
        return
    from twinbuild.pipeline.archive.naming import chosen
    from twinbuild.pipeline.archive.viewing import no_layers, viewed

    with kept_archive(place) as (archive, scratch), ExitStack() as stack:
        releases = [
            None if os.sep in str(name) or str(name) == "." else archive.release(chosen(archive, str(name)).kept)
            for name in names
        ]
        found = []
        for name, release, other in zip(names, releases, reversed(releases), strict=True):
            if release is None:
                found.append(name)
                continue
            shared = frozenset(file.sha256 for file in other.files) if other is not None else frozenset()
            wanted: Wanted = partial(_not_shared, shared) if layers else no_layers
            found.append(stack.enter_context(viewed(archive, release, scratch, wanted=wanted)))
        yield found[0], found[1]


def _not_shared(shared: frozenset[Digest], file: ArchivedFile) -> bool:
    from twinbuild.pipeline.archive.viewing import no_layers

    return no_layers(file) or file.sha256 not in shared
