"""A release in an archive: which blobs it consists of, and which ones are needed to build it again.

An archive keeps bytes under their digests and one such record for each release. The record is small, names everything
and repeats nothing of the release manifest but what people search by.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from twinbuild.model.digest import Digest

__all__ = [
    "AS_RELEASED",
    "OF_THE_TOOL",
    "REBUILD",
    "ArchivedFile",
    "ArchivedImage",
    "ArchivedInput",
    "ArchivedRelease",
    "Kept",
    "Taken",
]

AS_RELEASED = "the release as it was released"
REBUILD = "building it again"
OF_THE_TOOL = "running the twinbuild that made it"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedFile:
    """One file by its path below the release's directory, or below the project's; ``size`` in bytes."""

    path: str
    sha256: Digest
    size: int
    executable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedInput:
    """One file that the lock names: ``kind`` is deb, wheel, sdist, artifact, installer or base; ``size`` in bytes.

    ``purl`` is its package URL, "" for what has none.
    """

    kind: str
    name: str
    sha256: Digest
    size: int
    purl: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedImage:
    """One image of the release: ``digest`` is its manifest's, ``config`` its configuration's (the image ID)."""

    variant: str
    platform: str
    digest: Digest
    config: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedRelease:
    """Everything that an archive keeps of a release.

    ``digest`` is the release digest; ``added`` is when it was first archived (RFC 3339, UTC). ``spec`` and ``overlays``
    are the files of ``project`` that the release was made from, ``variants`` the only ones that it has (() all). The
    source commit ("" none) stands here because no checkout is archived. ``tool`` are the blobs of the packed
    twinbuild that made it, its image's manifest first; () where none was archived.
    """

    name: str
    version: str
    digest: Digest
    generator: str  # the version of twinbuild that made it
    added: str
    commit: str
    modified: bool
    spec: str
    overlays: tuple[str, ...]
    variants: tuple[str, ...]
    images: tuple[ArchivedImage, ...]  # sorted by variant and platform
    indexes: tuple[Digest, ...]  # of images of several platforms, sorted
    files: tuple[ArchivedFile, ...]  # the release's directory, sorted by path
    project: tuple[ArchivedFile, ...]  # what the project must hold to be built, sorted by path
    inputs: tuple[ArchivedInput, ...]  # what the lock names, sorted by kind, name and digest
    tool: tuple[Digest, ...] = ()

    @property
    def label(self) -> str:
        """``NAME@VERSION``."""
        return f"{self.name}@{self.version}"

    def needs(self) -> Iterator[tuple[Digest, int, str, str]]:
        """Every blob with its size (-1: not recorded), what it is, and what it takes away where it is missing."""
        for file in self.files:
            yield file.sha256, file.size, file.path, AS_RELEASED
        for file in self.project:
            yield file.sha256, file.size, f"project file {file.path}", REBUILD
        for each in self.inputs:
            yield each.sha256, each.size, f"{each.kind} {each.name}", REBUILD
        for digest in self.tool:
            yield digest, -1, "a part of the tool", OF_THE_TOOL

    @property
    def blobs(self) -> frozenset[Digest]:
        """The digests of all of it."""
        return frozenset(digest for digest, _, _, _ in self.needs())


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A release by its digest, and the digest of its record."""

    release: Digest
    record: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was taken out of an archive: releases by digest, and the blobs that only they needed, with their bytes."""

    releases: tuple[Digest, ...]
    blobs: int
    size: int
