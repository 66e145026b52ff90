"""Pruning: which releases an archive may lose by its rules, and taking them out without what others need.

First a plan, then the deed: nothing is deleted while another process uses the archive, what a release that stays needs
is worked out again from the records at that moment, and whoever is killed on the way leaves an archive that is whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import Summary, summaries
from twinbuild.codec.manifest import decode_manifest
from twinbuild.errors import EnvironmentFault, Finding, IntegrityError, Location, UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.spec.values import duration_seconds
from twinbuild.store import layout
from twinbuild.store.collection import delete, plan

__all__ = ["Judged", "Pruned", "Rules", "foreseen", "judge", "prune", "span"]

_ROOT: Final = "release-"  # and the release digest: which blobs it needs
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


def judge(archive: Archive, rules: Rules, *, now: datetime) -> tuple[Judged, ...]:
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


def prune(archive: Archive, judged: tuple[Judged, ...], *, wait: float = 10.0) -> Pruned:
    """Take out the releases that are judged to go and were not pinned since, and the blobs that no other needs.

    Raises IntegrityError TB9110 where blobs are kept for a release that has lost its entry: nothing goes then. Raises
    EnvironmentFault TB9141 while another process uses the archive; then the releases are out, and the blobs go
    with the next run.
    """
    with archive.updating():
        _refuse_lost(archive)
        going = tuple(each for each in judged if not each.kept and archive.pinned(each.summary.kept.release) is None)
        for each in going:
            archive.drop(each.summary.kept.release)
        _protect(archive)
    archive.blobs.used.clear()  # what was read to judge by is no reason to stay
    planned = plan(archive.blobs)
    try:
        collected = delete(archive.blobs, planned, wait=wait)
    except EnvironmentFault as error:
        if error.findings[0].code != "TB3111":
            raise
        raise EnvironmentFault.of(
            "TB9141",
            f"{len(going)} releases were taken out, and another process uses the archive: "
            f"{len(planned.blobs)} files stay for now",
            hint="run the command again when it has ended",
            where=str(archive.path),
        ) from error
    return Pruned(releases=going, blobs=collected.blobs, size=collected.size)


def foreseen(archive: Archive, judged: tuple[Judged, ...]) -> Pruned:
    """What ``prune`` would do. Nothing is changed."""
    going = tuple(each for each in judged if not each.kept)
    staying: set[Digest] = set()
    for each in judged:
        if each.kept:
            staying |= {each.summary.kept.record, *archive.release(each.summary.kept).blobs}
    gone = [digest for digest in archive.blobs.blobs() if digest not in staying]
    return Pruned(releases=going, blobs=len(gone), size=sum(archive.blobs.size(digest) for digest in gone))


def _refuse_lost(archive: Archive) -> None:
    """A root without an entry is what a lost directory of records leaves, such as in half a copy: no reason to go."""
    known = {digest.hex for digest in archive.names()}
    lost = sorted({name.removeprefix(_ROOT) for name in archive.blobs.kept(_ROOT)} - known)
    findings = tuple(
        Finding(
            code="TB9110",
            message=f"the entry of the release sha256:{digest} is lost, and its files are still there",
            hint=f"archive the release again, or copy {layout.RECORDS}/ from a copy that is whole; where nobody needs "
            f"the release, remove v1/roots/{_ROOT}{digest}",
            where=Location(subject=f"sha256:{digest}"),
        )
        for digest in lost
    )
    if findings:
        raise IntegrityError(findings)


def _protect(archive: Archive) -> None:
    """The roots that follow from the records, whatever became of the files; and none of releases that are gone."""
    roots = set()
    for kept in archive.releases():
        archive.protect(archive.release(kept), kept.record)
        roots.add(f"{_ROOT}{kept.release.hex}")
    for name in archive.blobs.kept(_ROOT):
        if name not in roots:
            archive.blobs.unkeep(name)


def _newest(found: tuple[Summary, ...], count: int) -> Iterator[Summary]:
    names: dict[str, list[Summary]] = {}
    for each in found:  # by name, and there in the order in which they were added
        names.setdefault(each.name, []).append(each)
    for group in names.values():
        yield from group[-count:] if count else ()


def _why(archive: Archive, each: Summary, newest: set[Digest], rules: Rules, now: datetime) -> str:
    reason = archive.pinned(each.kept.release)
    if reason is not None:
        return f"pinned: {reason}"
    if each.kept.release in newest:
        return f"one of the newest {rules.newest}"
    added = datetime.strptime(each.added, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    stated = _retention(archive, each.kept.release)
    until = added + (stated if stated is not None else rules.younger or timedelta())
    if until > now:
        rule = "its own governance.retention" if stated is not None else "--keep-for"
        return f"until {until.strftime('%Y-%m-%d')} by {rule}"
    return ""


def _retention(archive: Archive, digest: Digest) -> timedelta | None:
    """How long a release says that it is kept."""
    document: dict[str, Any] = decode_manifest(archive.blobs.read(digest), name=_MANIFEST)
    stated = document.get("governance", {}).get("retention")
    return span(stated) if isinstance(stated, str) else None


def span(text: str) -> timedelta:
    """A Duration, such as 180d or 5y, as a time span; of more than a thousand years, a thousand."""
    return timedelta(seconds=min(float(duration_seconds(text)), _LONGEST))
