"""What a list of an archive says of each release, remembered, so that a thousand records need not be read for it.

The memory is a cache: a line of it counts only for the very record whose digest it bears, what it lacks is read from
the record, and where it cannot be written it is left out. No digest covers it, so whoever acts on a release by its name
or age goes by the record itself (``fresh``, ``confirmed``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from twinbuild.codec.canonical import canonical
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.errors import IntegrityError, TwinbuildError, UsageError
from twinbuild.model.archive import ArchivedRelease, Kept
from twinbuild.model.digest import Digest
from twinbuild.ports import ReleaseArchive

__all__ = ["Faults", "Summary", "confirmed", "readable", "refuse_unreadable", "releases", "summaries", "summary_of"]

_CACHE: Final = "summaries"
_FORMAT: Final = "twinbuild/archive-summaries/v1"
_Read = TypeVar("_Read")
Faults = dict[Digest, IntegrityError | UsageError]  # by release: why it cannot be read
_TEXTS: Final = ("name", "version", "added", "generator")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A release in a list. ``images`` are the digests by which its images are known; ``size`` is in bytes.

    ``blobs`` and ``size`` count what the release needs; other releases may need the same bytes.
    """

    kept: Kept
    name: str
    version: str
    added: str
    generator: str
    images: tuple[Digest, ...]
    blobs: int
    size: int

    @property
    def label(self) -> str:
        """``NAME@VERSION``."""
        return f"{self.name}@{self.version}"


def summaries(archive: ReleaseArchive, *, fresh: bool = False, faults: Faults | None = None) -> tuple[Summary, ...]:
    """Every release, by name, the time at which it was added, and digest; ``fresh``: as the records say, all of them.

    ``faults`` takes up what is the matter with releases that cannot be read, so that those keep nobody from the others.
    Without it raises IntegrityError TB9110, TB9111, TB9161, TB9162, UsageError TB9112 for all of them at once.
    """
    known = {} if fresh else _remembered(archive)
    new = False

    def summarised(kept: Kept) -> Summary:
        nonlocal new
        summary = _read(kept, known.get(str(kept.record)))
        if summary is None:
            summary, new = summary_of(archive.release(kept), kept), True
        return summary

    unreadable: Faults = {} if faults is None else faults
    found = list(readable(archive, summarised, unreadable))
    if faults is None:
        refuse_unreadable(unreadable)
    if new or len(known) > 2 * len(found) + 16:
        _remember(archive, found)
    return tuple(sorted(found, key=lambda each: (each.name, each.added, each.version, each.kept.release)))


def readable(archive: ReleaseArchive, read: Callable[[Kept], _Read], faults: Faults) -> Iterator[_Read]:
    """What ``read`` makes of each release, sorted by digest; what is the matter with the others goes into ``faults``.

    So does what is the matter beside a release that can be read.

    Anybody who may write to an archive may leave what is no release there, or what a later twinbuild has made.
    """
    for digest in archive.names():
        try:
            kept = archive.kept(digest)
            if kept is not None:
                yield read(kept)
                if beside := archive.beside(digest):
                    faults[digest] = IntegrityError(beside)
        except (IntegrityError, UsageError) as error:
            faults[digest] = error


def releases(archive: ReleaseArchive) -> tuple[Kept, ...]:
    """All releases, sorted by digest. Raises as ``refuse_unreadable`` for those whose entries are damaged or lost."""
    faults: Faults = {}
    found = tuple(readable(archive, lambda kept: kept, faults))
    refuse_unreadable(faults)
    return found


def refuse_unreadable(faults: Faults) -> None:
    """Raise what is the matter with releases, all findings at once; nothing where there are none.

    What is damaged counts more than what is of a later twinbuild (UsageError TB9112).
    """
    errors = [faults[digest] for digest in sorted(faults)]
    if errors:
        kind = IntegrityError if any(isinstance(each, IntegrityError) for each in errors) else UsageError
        raise kind(tuple(finding for each in errors for finding in each.findings))


def confirmed(archive: ReleaseArchive, summary: Summary) -> bool:
    """Whether the release's record says the same."""
    return summary_of(archive.release(summary.kept), summary.kept) == summary


def summary_of(release: ArchivedRelease, kept: Kept) -> Summary:
    """The summary of a record."""
    sizes = {digest: size for digest, size, _, _ in release.needs()}
    images = {digest for image in release.images for digest in (image.digest, image.config)} | {*release.indexes}
    return Summary(
        kept=kept,
        name=release.name,
        version=release.version,
        added=release.added,
        generator=release.generator,
        images=tuple(sorted(images)),
        blobs=len(sizes),
        size=sum(max(size, 0) for size in sizes.values()),
    )


def _remembered(archive: ReleaseArchive) -> dict[str, Any]:
    try:
        content = archive.remembered()
        document = parse_json(_CACHE, content)[0] if content is not None else None
    except JsonProblem:
        return {}
    if not isinstance(document, dict) or document.get("apiVersion") != _FORMAT:
        return {}
    releases = document.get("records")
    return releases if isinstance(releases, dict) else {}


def _remember(archive: ReleaseArchive, found: list[Summary]) -> None:
    document = {
        "apiVersion": _FORMAT,
        "records": {
            str(each.kept.record): {
                **{key: getattr(each, key) for key in _TEXTS},
                "images": [str(digest) for digest in each.images],
                "blobs": each.blobs,
                "size": each.size,
            }
            for each in found
        },
    }
    archive.remember(canonical(document))


def _read(kept: Kept, line: object) -> Summary | None:
    """A line of the cache, or None unless it is whole."""
    if not isinstance(line, dict):
        return None
    try:
        texts = {key: line[key] for key in _TEXTS}
        counts = {key: line[key] for key in ("blobs", "size")}
        images = tuple(Digest.parse(digest) for digest in line["images"])
    except (LookupError, TypeError, TwinbuildError):
        return None
    if not all(isinstance(text, str) for text in texts.values()) or not all(type(n) is int for n in counts.values()):
        return None
    return Summary(kept=kept, images=images, **texts, **counts)
