"""Verify a release: enough of the given keys signed it, and its files are those that they signed. No network."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twinbuild.codec.dsse import IN_TOTO, Envelope, pae
from twinbuild.codec.imagesignatures import decode_image_signatures
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.errors import Finding, IntegrityError, Location, PolicyRefused
from twinbuild.govern.keys import PublicKey, within_reach
from twinbuild.model.digest import Digest
from twinbuild.pipeline.observed import SIGNATURES
from twinbuild.pipeline.reading.attested import (
    ENVELOPES,
    IMAGES,
    MAIN,
    PLAIN,
    claims_of,
    directory_of,
    payloads_of,
    read_envelope,
    read_signature,
    signed_envelope,
    texts_to_sign,
)
from twinbuild.pipeline.reading.released import Released
from twinbuild.pipeline.reading.validating import check_release, require_format
from twinbuild.pipeline.weights.signature import check_weights, signs_weights

__all__ = ["Vouched", "verify_release"]

_AGAIN = "take the release from where it was signed again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """The release, which of the given keys vouch for it, ids of others that signed too, and how many files it has.

    ``lacking``: files of signatures that a key which signed the release wrote, too, and its id: they were taken away.
    """

    name: str
    version: str
    digest: Digest
    keys: tuple[str, ...]
    strangers: tuple[str, ...]
    files: int
    lacking: tuple[tuple[str, str], ...]


def verify_release(release: Released, keys: tuple[PublicKey, ...], *, threshold: int = 1) -> Vouched:
    """Raise unless ``threshold`` of the keys signed this release, and it lies there as they signed it.

    PolicyRefused (exit 8): TB8610 no signature, TB8611 no envelope, TB8617 a signature by one of the keys that is not
    good, TB8618 too few of them. IntegrityError (exit 5): TB7607 for what is no release manifest, TB8619 for every
    subject that is not the one which was signed, TB8661 for weights that are not, and what ``check_release`` raises for
    files of other bytes, or files that were added.
    """
    known = within_reach(keys, threshold)
    directory = directory_of(release)
    require_format(release.path, release.document)  # what is no release manifest cannot be read as one
    texts = texts_to_sign(release)
    payloads = payloads_of(release.document, release.digest, texts)
    envelope = signed_envelope(directory)
    good = _good(envelope, known, MAIN)
    if len(good) < threshold:
        signers = ", ".join(each.keyid[:16] for each in envelope.signatures) or "nobody"
        raise PolicyRefused.of(
            "TB8618",
            f"{len(good)} of the given keys signed the release, expected {threshold}; it was signed by {signers}",
            hint="give the public keys of whom you trust, or ask them to sign",
            where=str(directory / SIGNATURES / MAIN),
        )
    differing = tuple(_differing(envelope, payloads[MAIN]))
    if differing:
        raise IntegrityError(differing)
    files = check_release(release)
    signed_by: dict[str, tuple[str, ...]] = {}
    for name in ENVELOPES[1:]:
        further = read_envelope(directory, name)
        if further is not None:
            signed_by[name] = _good(further, known, name)
            if (further.payload_type, further.payload) != (IN_TOTO, payloads.get(name)):
                raise IntegrityError((_other(f"{SIGNATURES}/{name} signs another statement than lies in the release"),))
    _check_plain(directory, release, known)
    _check_images(directory, release, known)
    check_weights(directory, release, known)
    metadata: Any = release.document["metadata"]
    return Vouched(
        name=metadata["name"],
        version=metadata["version"],
        digest=release.digest,
        keys=good,
        strangers=tuple(each.keyid for each in envelope.signatures if each.keyid not in known),
        files=files,
        lacking=tuple(_lacking(release, [known[keyid] for keyid in good], signed_by, payloads)),
    )


def _lacking(
    release: Released, keys: Iterable[PublicKey], signers: Mapping[str, tuple[str, ...]], payloads: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """The files that ``sign`` writes before the statement that counts, and that are not there for one of the keys."""
    directory = directory_of(release)
    for key in keys:
        keyid = key.keyid
        for name in payloads:
            if name != MAIN and keyid not in signers.get(name, ()):
                yield f"{SIGNATURES}/{name}", keyid
        alone = [f"{SIGNATURES}/images.{keyid}.json", f"{SIGNATURES}/manifest.json.{keyid}.sig"]
        if signs_weights(release, key):
            alone.append(f"{SIGNATURES}/model.{keyid}.sig")
        for name in alone:
            if not (directory / name).is_file():
                yield name, keyid


def _good(envelope: Envelope, known: dict[str, PublicKey], name: str) -> tuple[str, ...]:
    """The given keys that signed. Raises PolicyRefused TB8617 where what bears the name of one is not by it."""
    message = pae(envelope.payload_type, envelope.payload)
    stated = [each for each in envelope.signatures if each.keyid in known]
    bad = [each.keyid for each in stated if not known[each.keyid].verifies(message, each.sig)]
    if bad:
        raise PolicyRefused(tuple(_forged(f"{SIGNATURES}/{name}", keyid) for keyid in bad))
    return tuple(each.keyid for each in stated)


def _forged(name: str, keyid: str) -> Finding:
    return Finding(
        code="TB8617",
        message=f"{name}: the signature in the name of key {keyid} is not by this key, or of another text",
        hint=_AGAIN,
        where=Location(file=name),
    )


def _differing(envelope: Envelope, expected: bytes) -> Iterator[Finding]:
    """A finding for each subject of the signed statement that this release has otherwise, and each that it lacks."""
    if (envelope.payload_type, envelope.payload) == (IN_TOTO, expected):
        return
    signed, here = _subjects(envelope.payload), _subjects(expected)
    for subject in sorted(signed.keys() | here.keys()):
        was, now = signed.get(subject), here.get(subject)
        if was != now:
            said = f"sha256:{was}" if was else "nothing of that name"
            found = f"sha256:{now}" if now else "nothing"
            yield _other(f"{subject}: {said} was signed, {found} is there")
    if signed == here:
        yield _other("the statement that was signed says something else of the release than its manifest")


def _other(message: str) -> Finding:
    return Finding(code="TB8619", message=message, hint=_AGAIN)


def _subjects(payload: bytes) -> dict[str, str]:
    """Digests by name; {} for a text that is no statement."""
    try:
        statement: Any = parse_json(MAIN, payload)[0]
        return {str(each["name"]): str(each["digest"]["sha256"]) for each in statement["subject"]}
    except (JsonProblem, LookupError, TypeError):
        return {}


def _check_plain(directory: Path, release: Released, known: dict[str, PublicKey]) -> None:
    """The plain signatures of the release manifest by the given keys."""
    for path in sorted((directory / SIGNATURES).iterdir()):
        match = PLAIN.fullmatch(path.name)
        if match is None or match[1] not in known:
            continue
        try:
            signature = base64.b64decode(read_signature(path).strip(), validate=True)
        except binascii.Error:
            signature = b""
        if not known[match[1]].verifies(release.content, signature):
            raise PolicyRefused((_forged(f"{SIGNATURES}/{path.name}", match[1]),))


def _check_images(directory: Path, release: Released, known: dict[str, PublicKey]) -> None:
    """The signatures of images by the given keys: each is good, and they are of this release's images, each once."""
    expected = tuple(claim.payload for claim in claims_of(release))
    for path in sorted((directory / SIGNATURES).iterdir()):
        match = IMAGES.fullmatch(path.name)
        if match is None or match[1] not in known:
            continue
        name = f"{SIGNATURES}/{path.name}"
        signatures = decode_image_signatures(read_signature(path), name=name)
        if any(not known[match[1]].verifies(each.payload, each.sig) for each in signatures):
            raise PolicyRefused((_forged(name, match[1]),))
        if tuple(each.payload for each in signatures) != expected:
            raise IntegrityError((_other(f"{name} signs other images, repositories or releases than this one's"),))
