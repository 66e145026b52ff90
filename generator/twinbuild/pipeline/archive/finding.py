"""Which releases of an archive hold something: an image, a package, a file of the model, or any other bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from packaging.utils import canonicalize_name

from twinbuild.archive.summaries import Faults, readable, refuse_unreadable
from twinbuild.codec.archive import CURRENT, decode_archived
from twinbuild.errors import UsageError
from twinbuild.model.archive import ArchivedRelease, Kept
from twinbuild.model.digest import Digest
from twinbuild.pipeline.archive.naming import without_repository
from twinbuild.ports import ReleaseArchive

__all__ = ["Found", "find"]

_DIGEST: Final = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_PINNED: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._+-]*)==(\S+)")
_PYPI: Final = "pkg:pypi/"
_PURL: Final = re.compile(r"pkg:[a-z0-9.+-]+/\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A release, and what in it fits."""

    release: ArchivedRelease
    what: tuple[str, ...]


def find(archive: ReleaseArchive, text: str, faults: Faults | None = None) -> tuple[Found, ...]:
    """Every release that holds what a text names, by name and time: a digest, a package URL, or NAME==VERSION.

    A record is read as bytes first, and decoded only where it could fit: a thousand are looked through in a moment.
    Those that cannot be read, and so may hold it, go into ``faults``, or are raised (``summaries``). Raises UsageError
    TB9142 for a text that is none of these.
    """
    sought = _sought(text)

    def looked_through(kept: Kept) -> Found | None:
        content = archive.content(kept)
        if sought.trace.encode() not in content and CURRENT in content:
            return None
        release = decode_archived(content, name=str(kept.record))
        what = tuple(dict.fromkeys(sought.within(release)))
        return Found(release=release, what=what) if what else None

    unreadable: Faults = {} if faults is None else faults
    found = [each for each in readable(archive, looked_through, unreadable) if each is not None]
    if faults is None:
        refuse_unreadable(unreadable)
    return tuple(sorted(found, key=lambda each: (each.release.name, each.release.added, each.release.digest)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sought:
    """``trace`` is a text that the record of every release which holds it must hold."""

    trace: str
    digest: Digest | None = None
    purl: str = ""
    name: str = ""
    version: str = ""

    def within(self, release: ArchivedRelease) -> Iterator[str]:
        """What fits, in words."""
        if self.digest is not None:
            yield from _of_digest(release, self.digest)
            return
        for each in release.inputs:
            if self.purl:
                fits = _fits(each.purl, self.purl)
            else:
                name, _, version = unquote(each.purl.partition("?")[0].rpartition("/")[2]).partition("@")
                own = canonicalize_name(name) if each.purl.startswith(_PYPI) else name
                fits = version == self.version and own in (self.name, canonicalize_name(self.name))
            if fits:
                yield f"{each.kind} {each.name}"


def _sought(text: str) -> _Sought:
    digest, pinned = _DIGEST.fullmatch(without_repository(text)), _PINNED.fullmatch(text)
    if digest is not None:
        return _Sought(trace=digest[1], digest=Digest(digest[1]))
    if _PURL.fullmatch(text):
        text = text.partition("#")[0]  # a part of a package is in whatever has the package
        head = quote(unquote(text.partition("?")[0]), safe=":/@")  # as package URLs spell it
        pypi = head.startswith(_PYPI)  # whose names have several spellings
        return _Sought(trace=(f"@{head.rpartition('@')[2]}" if "@" in head else _PYPI) if pypi else head, purl=text)
    if pinned is not None:
        return _Sought(trace=f"@{quote(pinned[2], safe=':')}", name=pinned[1], version=pinned[2])
    raise UsageError.of(
        "TB9142",
        f"got {text[:120]!r}, expected a digest, a package URL, or NAME==VERSION",
        hint="write sha256:…, pkg:pypi/NAME@VERSION, or NAME==VERSION; a vulnerability is sought with --database DIR",
        where="archive find",
    )


def _fits(purl: str, sought: str) -> bool:
    """Whether a package URL is the one that is sought: one without a version is that of any.

    Of qualifiers those count that both have. What scanners say of the distribution (``debian-12.11``) and of sources
    is their own, and a release that is not found would be taken for one that is not affected.
    """
    (own, _, has), (wanted, _, asked) = (each.partition("?") for each in (purl, sought))
    own, wanted = _spelled(unquote(own)), _spelled(unquote(wanted))
    stated, also = _qualifiers(has), _qualifiers(asked)
    return wanted in (own, own.rpartition("@")[0]) and all(
        stated[key] == also[key] for key in stated.keys() & also.keys() - {"distro"}
    )


def _qualifiers(text: str) -> dict[str, str]:
    return {key: unquote(value) for key, _, value in (each.partition("=") for each in text.split("&"))}


def _spelled(purl: str) -> str:
    name, at, version = purl.removeprefix(_PYPI).partition("@")
    return f"{_PYPI}{canonicalize_name(name)}{at}{version}" if purl.startswith(_PYPI) else purl


def _of_digest(release: ArchivedRelease, digest: Digest) -> Iterator[str]:
    if digest == release.digest:
        yield "the release"
    for image in release.images:
        who = f"{image.variant} {image.platform}"
        if digest == image.digest:
            yield f"image of {who}"
        if digest == image.config:
            yield f"configuration of the image of {who}"
    if digest in release.indexes:
        yield "index of images"
    for each, _, what, _ in release.needs():
        if each == digest:
            yield what
