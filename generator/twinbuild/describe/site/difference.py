"""What changed between two releases, as a page shows it. What is a difference, and how risky, was decided before."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal

from twinbuild.codec.amounts import counted
from twinbuild.describe.site.cells import Tone, amount

__all__ = ["RENDERED", "TONES", "Change", "Comparison", "Section", "Shared"]

Risk = Literal["high", "medium", "low"]
RENDERED: Final = "documents"  # the section of what is rendered from the rest, which a page keeps closed
TONES: Final[dict[Risk, Tone]] = {"high": "bad", "medium": "warn", "low": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One fact that is not the same. ``before`` or ``after`` is empty for what was not there.

    ``word`` is added, removed, bumped, lowered, other bytes or changed; ``scope`` of a package is direct or transitive.
    """

    word: str
    scope: str
    what: str
    before: str
    after: str
    risk: Risk
    reason: str

    @property
    def kind(self) -> str:
        """What happened: added, removed or changed."""
        return self.word if self.word in ("added", "removed") else "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The changes of one subject, the riskiest first."""

    title: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """How many layers of the newer image the older one has, and what is left to fetch, in bytes."""

    image: str
    kept: int
    count: int
    pulled: int

    @property
    def said(self) -> str:
        """It in words."""
        return f"{self.kept} of {counted(self.count, 'layer')} shared, {amount(self.pulled)} to fetch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two releases: sections that differ, and their images' layers."""

    sections: tuple[Section, ...]
    shared: tuple[Shared, ...] = ()

    @property
    def risks(self) -> tuple[tuple[Risk, int], ...]:
        """Each level with its number of changes, the highest first; without documents, which follow from the rest.

        Where nothing else differs, they follow from nothing, and count.
        """
        decided = [each for each in self.sections if each.title != RENDERED] or self.sections
        counted = Counter(each.risk for section in decided for each in section.changes)
        return tuple((level, counted[level]) for level in TONES if counted[level])

    @property
    def rendered(self) -> int:
        """How many changes are in documents that follow from others."""
        return sum(len(each.changes) for each in self.sections if each.title == RENDERED and len(self.sections) > 1)
