"""The files of ``signatures/`` in a release, and the texts that they sign."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, Final

from twinbuild.codec.canonical import Json
from twinbuild.codec.dsse import Envelope, decode_envelope
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.codec.signaturefile import LARGEST_SIGNATURE
from twinbuild.describe.attestation import release_attestation, sbom_attestation
from twinbuild.describe.simplesigning import ImageClaim, image_claims
from twinbuild.describe.statements import STATEMENTS
from twinbuild.errors import IntegrityError, InternalError, Location, PolicyRefused, UsageError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.observed import APPROVALS, SIGNATURES
from twinbuild.pipeline.reading.released import Released
from twinbuild.pipeline.regular import LARGEST, Irregular, read_regular

__all__ = [
    "APPROVAL",
    "ENVELOPES",
    "IMAGES",
    "MAIN",
    "MODEL",
    "PLAIN",
    "claims_of",
    "directory_of",
    "is_signature",
    "payloads_of",
    "read_envelope",
    "read_signature",
    "signatures_of",
    "signed_envelope",
    "signers_of",
    "texts_to_sign",
]

MAIN: Final = "release.dsse.json"
_OTHERS: Final = {name.replace(".intoto.", ".dsse."): name for name in STATEMENTS}
_SBOM: Final = "sbom.dsse.json"
ENVELOPES: Final = (MAIN, *_OTHERS, _SBOM)
PLAIN: Final = re.compile(r"manifest\.json\.([0-9a-f]{64})\.sig", re.ASCII)
IMAGES: Final = re.compile(r"images\.([0-9a-f]{64})\.json", re.ASCII)
APPROVAL: Final = re.compile(r"[a-z0-9-]{1,63}\.[0-9a-f]{64}\.(?:dsse\.json|jwt)", re.ASCII)
MODEL: Final = re.compile(r"model\.([0-9a-f]{64})\.sig", re.ASCII)
_FOR_PEOPLE: Final = "manifest.yaml"
_BILL: Final = "sbom.cdx.json"
_AGAIN: Final = "take the release from where it was signed again"


def is_signature(path: PurePosixPath) -> bool:
    """Whether a path in a release is one of a signature, or of an approval."""
    if len(path.parts) == 2 and path.parts[0] == APPROVALS:
        return APPROVAL.fullmatch(path.name) is not None
    within = len(path.parts) == 2 and path.parts[0] == SIGNATURES
    return within and (path.name in ENVELOPES or any(kind.fullmatch(path.name) for kind in (PLAIN, IMAGES, MODEL)))


def directory_of(release: Released) -> Path:
    """Where the release lies. Raises UsageError TB7003 for a release manifest that lies alone."""
    if release.directory is None:
        raise UsageError.of(
            "TB7003",
            f"{release.path} lies alone: signatures are about all files of a release",
            hint="name the directory of the release",
            where=str(release.path),
        )
    return release.directory


def texts_to_sign(release: Released) -> Mapping[str, bytes]:
    """Statements, ``manifest.yaml`` and the SBOM as they lie there, by name, read once.

    Raises IntegrityError TB7005.
    """
    directory = directory_of(release)
    found = {}
    for name in (_FOR_PEOPLE, *STATEMENTS, _BILL):
        path = directory / name
        if os.path.lexists(path):
            found[name] = _read(path, LARGEST)
    return MappingProxyType(found)


def payloads_of(manifest: Mapping[str, Json], digest: Digest, texts: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """What each envelope signs, by its name. ``texts`` are those of ``texts_to_sign``."""
    digests = tuple((name, Digest.of(texts[name])) for name in (_FOR_PEOPLE, *STATEMENTS) if name in texts)
    payloads = {MAIN: release_attestation(manifest, digest, digests)}
    payloads |= {envelope: texts[name] for envelope, name in _OTHERS.items() if name in texts}
    sbom = _sbom(manifest, texts.get(_BILL, b""))
    if sbom is not None:
        payloads[_SBOM] = sbom
    return MappingProxyType(payloads)


def read_envelope(directory: Path, name: str) -> Envelope | None:
    """An envelope of a release's directory, None where it is missing. Raises PolicyRefused TB8611."""
    path = directory / SIGNATURES / name
    if not os.path.lexists(path):
        return None
    return decode_envelope(read_signature(path), name=f"{SIGNATURES}/{name}")


def signed_envelope(directory: Path) -> Envelope:
    """The envelope of the release itself. Raises PolicyRefused TB8610 where nobody signed it, TB8611."""
    envelope = read_envelope(directory, MAIN)
    if envelope is None:
        raise PolicyRefused.of(
            "TB8610",
            f"the release is not signed: {directory / SIGNATURES / MAIN} is not there",
            hint="ask who released it to sign it: `twinbuild sign`",
            where=str(directory),
        )
    return envelope


def read_signature(path: Path) -> bytes:
    """A file of signatures. Raises PolicyRefused TB8611 for anything but a file: a link may lead elsewhere tomorrow."""
    name = f"{path.parent.name}/{path.name}"
    if path.parent.is_symlink():
        raise PolicyRefused.of("TB8611", f"{name} lies below a link", hint=_AGAIN, where=Location(file=str(path)))
    try:
        return _read(path, LARGEST_SIGNATURE)
    except IntegrityError as error:
        message = f"{path.parent.name}/{error.findings[0].message}"
        raise PolicyRefused.of("TB8611", message, hint=_AGAIN, where=Location(file=str(path))) from None


def _sbom(manifest: Mapping[str, Any], content: bytes) -> bytes | None:
    """The statement of the SBOM, of these bytes if they are the release's; None where it has none."""
    named = {entry["path"]: entry["sha256"] for entry in manifest["documents"]}
    if named.get(_BILL) != Digest.of(content).hex:
        return None
    try:
        sbom, _ = parse_json(_BILL, content)
        return sbom_attestation(manifest, sbom) if isinstance(sbom, dict) else None
    except (JsonProblem, InternalError):  # no JSON, or numbers without a canonical form: none that twinbuild wrote
        return None


def claims_of(release: Released) -> tuple[ImageClaim, ...]:
    """What signatures of this release's images sign. Raises UsageError TB3201."""
    return image_claims(release.document, release.digest)


def signatures_of(directory: Path) -> dict[str, bytes]:
    """The files of signatures and approvals in a release's directory, by path; links and others are not among them."""
    found = {}
    for kind in (SIGNATURES, APPROVALS):
        place = directory / kind
        for path in () if place.is_symlink() or not place.is_dir() else sorted(place.iterdir()):
            if is_signature(PurePosixPath(kind, path.name)) and path.is_file() and not path.is_symlink():
                found[f"{kind}/{path.name}"] = read_signature(path)
    return found


def signers_of(release: Released) -> tuple[str, ...]:
    """Ids of the keys that the signatures of this very release name; nothing is verified. () where there are none."""
    directory = directory_of(release)
    try:
        envelope = read_envelope(directory, MAIN)
        payload = payloads_of(release.document, release.digest, texts_to_sign(release))[MAIN]
    except (PolicyRefused, IntegrityError):
        return ()
    return tuple(each.keyid for each in envelope.signatures) if envelope and envelope.payload == payload else ()


def _read(path: Path, limit: int) -> bytes:
    """A regular file of a release, and no link. Raises IntegrityError TB7005 for another one, or a larger one."""
    try:
        return read_regular(path, limit)
    except Irregular as error:
        raise IntegrityError.of("TB7005", f"{path.name} {error}", hint=_AGAIN, where=Location(file=str(path))) from None
