"""A challenge: what rebuilders got is held against each other and against the release, image by image.

A vote is a key's digest for an image. ``threshold`` votes for one digest, and for no other, decide what the sources
give; whoever got something else dissents, and that may be the release itself. Where no digest has as many, or two have,
nothing can be said: a majority of strangers proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from twinbuild.codec.dsse import pae
from twinbuild.errors import Finding, Location, PolicyRefused
from twinbuild.govern.keys import PublicKey, within_reach
from twinbuild.model.digest import Digest
from twinbuild.model.rebuilt import Rebuilt
from twinbuild.pipeline.challenge.statements import Statement
from twinbuild.pipeline.reading.released import Released

__all__ = [
    "Agreed",
    "Challenged",
    "Dissent",
    "ImageVerdict",
    "Undecidable",
    "Unheard",
    "challenge",
    "forged",
    "unlike_release",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """A statement that counts for nothing, and why."""

    file: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """These keys got one digest, which is the release's."""

    digest: Digest
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dissent:
    """These keys got one digest; the others, each with its own, dissent. ``release``: the release does, too."""

    digest: Digest
    keys: tuple[str, ...]
    dissenters: tuple[tuple[str, Digest], ...]
    release: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecidable:
    """No digest has enough votes, or more than one has: the votes, by key."""

    votes: tuple[tuple[str, Digest], ...]


ImageVerdict = Agreed | Dissent | Undecidable


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenged:
    """For each image of the release its name, its digest there and the verdict; and who was not heard."""

    images: tuple[tuple[str, Digest, ImageVerdict], ...]
    unheard: tuple[Unheard, ...]
    contradicting: tuple[str, ...]

    @property
    def undecidable(self) -> bool:
        """Whether nothing can be said of an image."""
        return any(isinstance(verdict, Undecidable) for *_, verdict in self.images)

    @property
    def disputed(self) -> bool:
        """Whether somebody, or the release, has another image than enough others."""
        return bool(self.contradicting) or any(isinstance(verdict, Dissent) for *_, verdict in self.images)


def challenge(
    release: Released, statements: Iterable[Statement], keys: tuple[PublicKey, ...], *, threshold: int
) -> Challenged:
    """Count what holders of these keys say of a release's images.

    Raises UsageError TB8001 for a threshold that the keys can't reach; PolicyRefused TB6102 for a signature in the name
    of one of the keys that is not by it.
    """
    known = within_reach(keys, threshold)
    said: dict[str, dict[str, set[Digest]]] = {}  # by key, by image
    unheard = []
    findings: list[Finding] = []
    for statement in statements:
        signers, why = _heard(release, statement, known, findings)
        if why:
            unheard.append(Unheard(file=statement.file, why=why))
            continue
        for keyid in signers:
            for image in statement.rebuilt.images:
                said.setdefault(keyid, {}).setdefault(image.name, set()).add(image.digest)
    if findings:
        raise PolicyRefused(tuple(findings))
    contradicting = tuple(sorted(key for key, images in said.items() if any(len(each) > 1 for each in images.values())))
    heard = {key: images for key, images in said.items() if key not in contradicting}
    return Challenged(
        images=tuple(
            (name, digest, _verdict(digest, _votes(heard, name), threshold)) for name, digest in _images(release)
        ),
        unheard=tuple(unheard),
        contradicting=contradicting,
    )


def _heard(
    release: Released, statement: Statement, known: Mapping[str, PublicKey], findings: list[Finding]
) -> tuple[tuple[str, ...], str]:
    """Which of the keys signed a statement, and why it counts for nothing, if so."""
    envelope = statement.envelope
    message = pae(envelope.payload_type, envelope.payload)
    stated = [each for each in envelope.signatures if each.keyid in known]
    findings += [
        forged(statement.file, each.keyid) for each in stated if not known[each.keyid].verifies(message, each.sig)
    ]
    signers = tuple(each.keyid for each in stated)
    if not signers:
        others = ", ".join(each.keyid[:16] for each in envelope.signatures) or "nobody"
        return (), f"it is signed by {others}, none of the given keys"
    return signers, unlike_release(release.document, statement.rebuilt)


def forged(file: str, keyid: str) -> Finding:
    """TB6102: a statement has a signature in the name of a key that is not by it."""
    return Finding(
        code="TB6102",
        message=f"{file}: the signature in the name of key {keyid} is not by this key",
        hint="ask the key's owner for the statement",
        where=Location(file=file),
    )


def unlike_release(document: Mapping[str, Any], rebuilt: Rebuilt) -> str:
    """Why a statement is not about what the release of this manifest was made of; "" where it is."""
    metadata = document["metadata"]
    facts = (
        ("release", f"{rebuilt.name} {rebuilt.version}", f"{metadata['name']} {metadata['version']}"),
        ("lock", str(rebuilt.lock), document["dependencies"]["lock"]),
        ("application", str(rebuilt.source), document["source"]["digest"]),
    )
    for what, got, expected in facts:
        if got != expected:
            return f"it is about the {what} {got}, and the release was made of {expected}"
    return ""


def _images(release: Released) -> tuple[tuple[str, Digest], ...]:
    document: Any = release.document
    images = document["environment"]["images"]
    return tuple(sorted((f"{each['variant']} {each['platform']}", Digest.parse(each["digest"])) for each in images))


def _votes(heard: Mapping[str, Mapping[str, set[Digest]]], name: str) -> tuple[tuple[str, Digest], ...]:
    return tuple((key, digest) for key, images in sorted(heard.items()) for digest in images.get(name, ()))


def _verdict(digest: Digest, votes: tuple[tuple[str, Digest], ...], threshold: int) -> ImageVerdict:
    by: dict[Digest, list[str]] = {}
    for key, each in votes:
        by.setdefault(each, []).append(key)
    enough = [each for each, keys in by.items() if len(keys) >= threshold]
    if len(enough) != 1:
        return Undecidable(votes=votes)
    (decided,) = enough
    dissenters = tuple((key, each) for key, each in votes if each != decided)
    if dissenters or decided != digest:
        return Dissent(digest=decided, keys=tuple(by[decided]), dissenters=dissenters, release=decided != digest)
    return Agreed(digest=decided, keys=tuple(by[decided]))
