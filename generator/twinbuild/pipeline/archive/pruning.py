"""Pruning: which releases an archive may lose by its rules, and taking them out without what others need.

First a plan, then the deed: nothing is deleted while another process uses the archive, what a release that stays needs
is worked out again from the records at that moment, and whoever is killed on the way leaves an archive that is whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from twinbuild.archive.summaries import Summary, summaries
from twinbuild.codec.manifest import decode_manifest
from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.spec.values import duration_seconds
from twinbuild.ports import ReleaseArchive

__all__ = ["Judged", "Pruned", "Rules", "foreseen", "judge", "prune", "span"]

_MANIFEST: Final = "manifest.json"
_LONGEST: Final = 1000 * 365 * 86_400.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What stays besides what is pinned: the newest ``newest`` of each name (0: none), and what is younger than this.

    ``younger`` is for releases that state no ``governance.retention`` (None: they stay only by the other rules).
    """

    newest: int = 0
    younger: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A release and why it stays; "" where it goes."""

    summary: Summary
    kept: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What went, or would go: releases, blobs and their bytes."""

    releases: tuple[Judged, ...]
    blobs: int
    size: int


def judge(archive: ReleaseArchive, rules: Rules, *, now: datetime) -> tuple[Judged, ...]:
    """Every release with the first rule that keeps it. Raises IntegrityError TB9110 and the like: then nothing goes."""
    if not rules.newest and rules.younger is None:
        raise UsageError.of(
            "TB9140",
            "got no rule, so that everything that is not pinned would go",
            hint="say what stays: --keep N of each name, --keep-for DURATION, or both",
            where="archive prune",
        )
    found = summaries(archive, fresh=True)
    newest = {each.kept.release for each in _newest(found, rules.newest)}
    return tuple(Judged(summary=each, kept=_why(archive, each, newest, rules, now)) for each in found)


def prune(archive: ReleaseArchive, judged: tuple[Judged, ...], *, wait: float = 10.0) -> Pruned:
    """Take out the releases that are judged to go and were not pinned since, and the blobs that no other needs.

    Raises IntegrityError TB9110 where blobs are kept for a release that has lost its entry: nothing goes then. Raises
    EnvironmentFault TB9141 while another process uses the archive; then the releases are out, and the blobs go
    with the next run.
    """
    taken = archive.take_out([each.summary.kept.release for each in judged if not each.kept], wait=wait)
    going = frozenset(taken.releases)
    gone = tuple(each for each in judged if not each.kept and each.summary.kept.release in going)
    return Pruned(releases=gone, blobs=taken.blobs, size=taken.size)


def foreseen(archive: ReleaseArchive, judged: tuple[Judged, ...]) -> Pruned:
    """What ``prune`` would do. Nothing is changed."""
    going = tuple(each for each in judged if not each.kept)
    staying: set[Digest] = set()
    for each in judged:
        if each.kept:
            staying |= {*archive.records(each.summary.kept), *archive.release(each.summary.kept).blobs}
    blobs, size = archive.unneeded(frozenset(staying))
    return Pruned(releases=going, blobs=blobs, size=size)


def _newest(found: tuple[Summary, ...], count: int) -> Iterator[Summary]:
    names: dict[str, list[Summary]] = {}
    for each in found:  # by name, and there in the order in which they were added
        names.setdefault(each.name, []).append(each)
    for group in names.values():
        yield from group[-count:] if count else ()


def _why(archive: ReleaseArchive, each: Summary, newest: set[Digest], rules: Rules, now: datetime) -> str:
    reason = archive.pinned(each.kept.release)
    if reason is not None:
        return f"pinned: {reason}"
    if each.kept.release in newest:
        return f"one of the newest {rules.newest}"
    added = datetime.strptime(each.added, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    stated = _retention(archive, each.kept.release)
    try:
        until = added + (stated if stated is not None else rules.younger or timedelta())
    except OverflowError:  # a record may say any year
        until = datetime.max.replace(tzinfo=UTC)
    if until > now:
        rule = "its own governance.retention" if stated is not None else "--keep-for"
        return f"until {until.strftime('%Y-%m-%d')} by {rule}"
    return ""


def _retention(archive: ReleaseArchive, digest: Digest) -> timedelta | None:
    """How long a release says that it is kept; where that is no time span, as long as anything is.

    Whoever may write to an archive may leave a release manifest there that nothing was ever held against.
    """
    document: dict[str, Any] = decode_manifest(archive.blobs.read(digest), name=_MANIFEST)
    governance = document.get("governance")
    stated = governance.get("retention") if isinstance(governance, dict) else None
    if stated is None:
        return None
    try:
        return span(str(stated))
    except ValueError:
        return timedelta(seconds=_LONGEST)


def span(text: str) -> timedelta:
    """A Duration, such as 180d or 5y, as a time span; of more than a thousand years, a thousand."""
    return timedelta(seconds=min(float(duration_seconds(text)), _LONGEST))
