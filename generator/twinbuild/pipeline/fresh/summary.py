"""What a release comes to, in plain values: for the command line, and for the stamp that a later run reads."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ReleasedImage", "ReleasedIndex", "Summary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedImage:
    """One image: digest of its manifest, bytes and number of its layers."""

    variant: str
    platform: str
    digest: str
    size: int
    layers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedIndex:
    """The images of a variant for several platforms under one digest."""

    variant: str
    digest: str
    platforms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A release: its digest, its images, where it lies (absolute), and what this run had to do for it.

    ``earlier`` of the images' layers were not built again in this run; ``reused``: nothing was. ``written``: the output
    was written anew. ``passed`` images passed their tests (``tested``: in this run), ``untested`` says which were not
    tried, and why. ``previous``: the other digest that this version had in this place before, "" where none;
    ``difference``: which files differed from the commit, as the manifest says, too.
    """

    name: str
    version: str
    release: str
    directory: str
    images: tuple[ReleasedImage, ...]
    indexes: tuple[ReleasedIndex, ...]
    variations: int
    earlier: int
    reused: bool
    written: bool
    passed: int
    untested: tuple[str, ...]
    tested: bool
    previous: str = ""
    difference: str = ""
