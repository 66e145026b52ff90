"""Archives as verbs name them, and releases by name for verbs that read directories, laid out while they look."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import NamedPath
from twinbuild.model.settings import OCI_SCHEME

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.model.archive import ArchivedFile
    from twinbuild.model.digest import Digest
    from twinbuild.pipeline.archive.viewing import Wanted
    from twinbuild.pipeline.machine import Machine
    from twinbuild.ports import ReleaseArchive

__all__ = [
    "from_archive_option",
    "holds",
    "kept_archive",
    "laid_out",
    "laid_out_pair",
    "name_argument",
    "opened_archive",
    "opened_for",
]

name_argument = click.argument("name", metavar="NAME@VERSION|DIGEST")
# Not of the environment: whoever names a directory means it, wherever releases are archived.
from_archive_option = click.option(
    "--archive",
    "place",
    type=NamedPath(path_type=str),
    metavar="DIR|oci://REPOSITORY",
    help="Releases are named by NAME@VERSION or digest, and kept in this archive.",
)


@contextmanager
def opened_archive(
    place: str, *, writing: bool = False, paranoid: bool = False, quiet: bool = True
) -> Iterator[ReleaseArchive]:
    """An archive. For one in a directory nothing else is opened; the store keeps what is read of one in a registry.

    ``quiet`` is about the progress of a registry. Raises as ``Archive`` and ``open_registered`` do.
    """
    if place.startswith(OCI_SCHEME):
        from twinbuild.cli.session import session

        with session(beside=Path(), quiet=quiet) as machine, opened_for(place, machine, writing=writing) as remote:
            yield remote
            machine.progress("", 0, 0)
        return
    from twinbuild.archive.directory import Archive

    with Archive(Path(place), writing=writing, paranoid=paranoid) as archive:
        yield archive


@contextmanager
def opened_for(
    place: str, machine: Machine, *, writing: bool = False, paranoid: bool = False
) -> Iterator[ReleaseArchive]:
    """An archive for whoever has a machine already, whose network an archive in a registry uses."""
    if place.startswith(OCI_SCHEME):
        from twinbuild.pipeline.archive.registering import open_registered

        with open_registered(place, machine, writing=writing) as remote:
            yield remote
        return
    from twinbuild.archive.directory import Archive

    with Archive(Path(place), writing=writing, paranoid=paranoid) as archive:
        yield archive


def holds(place: str, release: Digest) -> bool:
    """Whether an archive has a release. Raises as ``opened_archive``, and IntegrityError TB9110."""
    with opened_archive(place) as archive:
        return archive.kept(release) is not None


@contextmanager
def kept_archive(place: str) -> Iterator[tuple[ReleaseArchive, Path]]:
    """An archive, and a directory for what is taken out of it."""
    from twinbuild.cli.scratch import scratch_in_use

    with opened_archive(place) as archive, scratch_in_use(os.environ) as scratch:
        yield archive, scratch


@contextmanager
def laid_out(place: str | None, name: Path | Digest, *, layers: bool) -> Iterator[Path]:
    """The directory of a release of the archive, with its layers or without; without an archive ``name`` itself.

    A digest is that of the release, and names no other whose image is called so.
    """
    if place is None:
        yield Path(str(name))
        return
    from twinbuild.pipeline.archive.naming import chosen, exact
    from twinbuild.pipeline.archive.viewing import no_layers, viewed

    with kept_archive(place) as (archive, scratch):
        kept = chosen(archive, str(name)).kept if isinstance(name, Path) else exact(archive, name)
        release = archive.release(kept)
        wanted: Wanted = (lambda _: True) if layers else no_layers
        with viewed(archive, release, scratch, wanted=wanted) as directory:
            yield directory


@contextmanager
def laid_out_pair(place: str | None, names: tuple[Path, Path], *, layers: bool) -> Iterator[tuple[Path, Path]]:
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
