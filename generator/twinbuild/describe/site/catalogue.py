"""The order of a catalogue: newest first, neighbours of one name side by side, and a row for each release."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final, TypeVar

from twinbuild.describe.site.cells import Cell, Table, Tone, badge, columns, size, text
from twinbuild.describe.site.overview import marks
from twinbuild.describe.site.published import Published

__all__ = ["Entry", "by_name", "deltas", "entry", "listing", "neighbours", "ordered"]

Key = TypeVar("Key")
_SHOWN: Final = 160  # characters of a description in the list
_PARTS: Final = re.compile(r"\d+|[A-Za-z]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the catalogue keeps of a release once its page is written."""

    slug: str
    name: str
    version: str
    time: int
    digest: str
    description: str
    team: str
    model: str
    size: int
    stamp: tuple[tuple[str, Tone], ...]

    @property
    def day(self) -> str:
        """The day of its time stamp, in UTC."""
        return datetime.fromtimestamp(self.time, UTC).strftime("%Y-%m-%d")


def entry(release: Published) -> Entry:
    """The entry of a release."""
    manifest = release.document
    metadata, model, images = manifest["metadata"], manifest["model"], manifest["environment"]["images"]
    return Entry(
        slug=release.slug,
        name=release.name,
        version=release.version,
        time=release.time,
        digest=str(release.digest),
        description=metadata.get("description", ""),
        team=metadata["team"],
        model=f"{model['family']} {model['version']}",
        size=sum(layer["size"] for image in images for layer in image["layers"]),
        stamp=tuple((mark.word, mark.tone) for mark in marks(release)),
    )


def ordered(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Newest first; of one moment the higher version first, then by name and digest."""
    by_identity = sorted(entries, key=lambda each: (each.name, each.digest))
    by_version = sorted(by_identity, key=lambda each: _version(each.version), reverse=True)
    return tuple(sorted(by_version, key=lambda each: each.time, reverse=True))


def _version(version: str) -> tuple[tuple[int, int, str], ...]:
    """Numbers by value, words before them: 1.10 is after 1.9, and 1.0 after 1.0-rc1."""
    found = [(1, int(each), "") if each.isdigit() else (-1, 0, each) for each in _PARTS.findall(version)]
    return (*found, (0, 0, ""))


def by_name(entries: Sequence[Entry]) -> Mapping[str, tuple[Entry, ...]]:
    """The releases of each name, newest first; the names sorted."""
    found: dict[str, list[Entry]] = {}
    for each in ordered(entries):
        found.setdefault(each.name, []).append(each)
    return {name: tuple(found[name]) for name in sorted(found)}


def neighbours(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Entry]]:
    """Each release of a name (``by_name``'s) with the one before it: older, newer; the newest pair first."""
    return ((older, newer) for newer, older in pairwise(entries))


def listing(entries: Sequence[Entry]) -> Table:
    """A row for each release."""
    return Table(
        name="releases",
        caption="Releases",
        columns=columns("Release", "Version", "Date", "Team", "Model", "#Size", "Stamp"),
        rows=tuple(_row(each) for each in ordered(entries)),
        empty="There is no release yet.",
        searched="Search names, versions, teams, models, digests",
    )


def _row(one: Entry) -> tuple[Cell, ...]:
    return (
        Cell(text=one.name, href=f"releases/{one.slug}.html", kind="link", note=_short(one.description)),
        text(one.version, note=one.digest),
        Cell(text=one.day, kind="date"),
        text(one.team),
        text(one.model),
        size(one.size),
        Cell(text="", kind="badges", parts=tuple(badge(word, tone) for word, tone in one.stamp)),
    )


def _short(description: str) -> str:
    """As much of a description as a row has room for; the release's own page has all of it."""
    return description if len(description) <= _SHOWN else f"{description[: _SHOWN - 1].rstrip()}…"


def deltas(releases: Sequence[tuple[Entry, Mapping[Key, str]]], keys: Sequence[Key]) -> dict[str, Any]:
    """What a page needs to compare any two: each release as what it changes of the one before it in the list.

    ``keys`` are all of the facts, in the order of their numbers; values are numbered, so that each stands there once,
    and -1 takes a fact away.
    """
    facts = {key: number for number, key in enumerate(keys)}
    values: dict[str, int] = {}
    before: Mapping[Key, str] = {}
    listed: list[object] = []
    for one, after in releases:
        changed: list[int] = []
        for key in dict.fromkeys((*before, *after)):
            if before.get(key) != after.get(key):
                changed += (facts[key], values.setdefault(after[key], len(values)) if key in after else -1)
        listed.append([one.version, one.day, one.slug, one.digest, changed])
        before = after
    return {"values": list(values), "releases": listed}
