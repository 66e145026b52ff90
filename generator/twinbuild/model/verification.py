"""The outcome of building twice: a closed sum type, never a boolean."""

from __future__ import annotations

from dataclasses import dataclass

from twinbuild.model.digest import Digest

__all__ = ["Difference", "Different", "Identical", "Variation", "Verification"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """One condition under which the second build differs on purpose, in words that hold on every machine."""

    name: str  # "clock", "time-zone", …
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One differing byte range: where, and the likely cause with its remedy."""

    image: str  # variant and platform
    layer: str  # title, or "config", "manifest"
    path: str  # of the file in the layer; "" where the tar's own structure differs
    offset: int  # in the file, in bytes; -1 where no byte of its content is meant
    first: str  # a short, escaped excerpt of each side
    second: str
    cause: str  # code of the cause, such as "timestamp"
    explanation: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identical:
    """Every blob of both builds is the same bytes."""

    variations: tuple[Variation, ...]
    images: tuple[Digest, ...]  # manifest digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Different:
    """At least one byte differs."""

    variations: tuple[Variation, ...]
    differences: tuple[Difference, ...]
    omitted: int = 0  # how many more there are, of layers with very many


Verification = Identical | Different
