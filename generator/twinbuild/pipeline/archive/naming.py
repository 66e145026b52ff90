"""Which release of an archive is meant: NAME@VERSION, a release digest or a beginning of it, or an image's."""

from __future__ import annotations

import difflib
import re
from typing import Final

from twinbuild.archive.summaries import Faults, Summary, confirmed, refuse_unreadable, summaries
from twinbuild.errors import IntegrityError, UsageError
from twinbuild.model.archive import Kept
from twinbuild.model.digest import Digest
from twinbuild.ports import ReleaseArchive

__all__ = ["chosen", "exact", "short", "without_repository"]

_HEX: Final = re.compile(r"(?:sha256:)?([0-9a-f]{6,64})")
_REFERENCE: Final = re.compile(r"(?:(?!pkg:)[^\s@]+@|docker://)(sha256:[0-9a-f]{64})")
_MOST: Final = 5  # that a message lists


def chosen(archive: ReleaseArchive, text: str) -> Summary:
    """The one release that a text names. An image's digest may be its manifest's, its configuration's or its index's.

    It may stand behind a repository, as in a pod's ``imageID``.

    Other releases that cannot be read are passed over, unless it could be one of them that is meant.

    Raises UsageError TB9107 where there is none, TB9108 where there are several; what is the matter with a release
    that cannot be read, where the text begins its digest or no other fits.
    """
    faults: Faults = {}
    known = summaries(archive, faults=faults)
    named, text = text, without_repository(text)
    found = _named(known, text)
    if len(found) != 1 or not confirmed(archive, found[0]):  # a remembered name leads to nothing else than a record's
        faults.clear()
        known = summaries(archive, fresh=True, faults=faults)
        found = _named(known, text)
    match = _HEX.fullmatch(text)
    for each in found:
        faults.pop(each.kept.release, None)  # what lies beside it keeps nobody from it
    meant = {digest: why for digest, why in faults.items() if match is not None and digest.hex.startswith(match[1])}
    refuse_unreadable(meant)
    if len(found) == 1:
        return found[0]
    if not found:
        near = difflib.get_close_matches(text, sorted({each.label for each in known}), n=1)
        none = UsageError.of(
            "TB9107",
            f"the archive has no release {named[:200]!r}" + (" that can be read" if faults else ""),
            hint=f"did you mean {near[0]}?" if near else "see `twinbuild archive list`",
            where=archive.place,
        )
        if not faults:
            raise none
        raise IntegrityError((*none.findings, *(each for why in faults.values() for each in why.findings)))
    listed = ", ".join(f"{each.label} {short(each)}" for each in found[:_MOST])
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    raise UsageError.of(
        "TB9108",
        f"{named[:200]!r} names {len(found)} releases: {listed}{more}",
        hint="name one by its release digest, or by the beginning of it that no other has",
        where=archive.place,
    )


def exact(archive: ReleaseArchive, release: Digest) -> Kept:
    """The release of a release digest, which no image's is taken for. Raises UsageError TB9107, IntegrityError."""
    kept = archive.kept(release)
    if kept is None:
        hint = "see `twinbuild archive list`"
        raise UsageError.of("TB9107", f"the archive has no release {release}", hint=hint, where=archive.place)
    return kept


def without_repository(text: str) -> str:
    """The digest of a reference that has one, REPOSITORY[:TAG]@sha256:…, or of Docker's image ID in a pod, docker://….

    Any other text is as it is.
    Where the image lies now is of no interest to an archive: releases are copied from registry to registry.
    """
    match = _REFERENCE.fullmatch(text)
    return match[1] if match else text


def short(summary: Summary) -> str:
    """The beginning of a release digest, for people."""
    return f"sha256:{summary.kept.release.hex[:12]}"


def _named(known: tuple[Summary, ...], text: str) -> tuple[Summary, ...]:
    """All that a text may mean: the beginning of one digest hides no other's, and no name that is hexadecimal."""
    match = _HEX.fullmatch(text)
    if match is not None:
        found = tuple(each for each in known if text == each.name or _begins(each, match[1]))
        if found:
            return found
    name, at, version = text.rpartition("@")
    if at:
        return tuple(each for each in known if (each.name, each.version) == (name, version))
    return tuple(each for each in known if each.name == text)


def _begins(summary: Summary, digits: str) -> bool:
    return any(digest.hex.startswith(digits) for digest in (summary.kept.release, *summary.images))
