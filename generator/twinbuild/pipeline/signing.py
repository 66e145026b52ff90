"""Sign: a release that is whole gets signatures in ``signatures/``, in the forms that other tools read, too.

``release.dsse.json`` is what counts: one statement over everything. ``provenance.dsse.json`` and ``tests.dsse.json``
hold the release's own statements, ``sbom.dsse.json`` its SBOM, ``manifest.json.KEYID.sig`` is the plain signature of
the release manifest, ``images.KEYID.json`` has those of its images, for registries, and ``model.KEYID.sig`` is that of
the weights in OpenSSF's layout. A second key's signatures join the first's.

What is signed was read once and judged as it was read: whatever happens to the files meanwhile, no key goes on it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from twinbuild import __version__
from twinbuild.codec.dsse import IN_TOTO, Envelope, Signature, decode_envelope, encode_envelope, pae
from twinbuild.codec.imagesignatures import ImageSignature, encode_image_signatures
from twinbuild.codec.lock import decode_lock
from twinbuild.describe.manifest import MANIFEST_VERSION
from twinbuild.describe.people import manifest_yaml
from twinbuild.describe.provenance import PROVENANCE, provenance_fault
from twinbuild.describe.statements import STATEMENTS, statement_fault
from twinbuild.errors import Finding, IntegrityError, Location, LockError, PolicyRefused
from twinbuild.govern.signer import Signer
from twinbuild.model.digest import Digest
from twinbuild.pipeline.alone import alone_in
from twinbuild.pipeline.observed import SIGNATURES
from twinbuild.pipeline.output import clear_leftovers, write_file
from twinbuild.pipeline.reading.attested import (
    MAIN,
    claims_of,
    directory_of,
    is_signature,
    payloads_of,
    read_envelope,
    texts_to_sign,
)
from twinbuild.pipeline.reading.released import Released, require_there
from twinbuild.pipeline.reading.validating import check_release
from twinbuild.pipeline.regular import LARGEST, Irregular, read_regular
from twinbuild.pipeline.weights.signature import sign_weights

__all__ = ["Signed", "sign_release"]

_LOCK: Final = "release.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """The release that was signed, by whom, and the ids of all keys whose signatures are there now.

    ``weights``: the key signed the files of the model, too; it can't where it is of Ed25519, or where there are none.
    """

    digest: Digest
    keyid: str
    keys: tuple[str, ...]
    weights: bool


def sign_release(release: Released, signer: Signer) -> Signed:
    """Sign a release in its directory. A key at hand that signs again writes the same files.

    Raises UsageError TB7003 for a release manifest that lies alone, IntegrityError as ``check_release`` does for a
    release that is not whole, TB7005 for statements that are not its own, TB7004 where another release lies there
    in the end, and PolicyRefused TB8611 or TB8612 for older signatures of something else: they are left.
    """
    directory = directory_of(release)
    with alone_in(directory):  # who was killed as they signed left something that no release has
        clear_leftovers(directory / SIGNATURES, lambda name: is_signature(PurePosixPath(SIGNATURES, name)))
    texts = texts_to_sign(release)
    check_release(release)  # first: what keeps the format of a release manifest can be read as one
    _require_own(release, texts)
    payloads = payloads_of(release.document, release.digest, texts)
    keyid = signer.public.keyid
    _merged(directory, payloads, {})  # what is there is looked at before anybody touches a token
    signatures = {
        name: Signature(keyid=keyid, sig=signer.sign(pae(IN_TOTO, payload))) for name, payload in payloads.items()
    }
    images = tuple(
        ImageSignature(payload=claim.payload, sig=signer.sign(claim.payload)) for claim in claims_of(release)
    )
    plain = base64.b64encode(signer.sign(release.content)) + b"\n"
    weights = sign_weights(release, signer)
    with alone_in(directory):  # others may have signed while a token was waited for, or made the release again
        require_there(release)
        envelopes = _merged(directory, payloads, signatures)
        write_file(directory / SIGNATURES / f"images.{keyid}.json", encode_image_signatures(images))
        write_file(directory / SIGNATURES / f"manifest.json.{keyid}.sig", plain)
        if weights is not None:
            write_file(directory / SIGNATURES / f"model.{keyid}.sig", weights)
        for name in sorted(envelopes, key=lambda each: each == MAIN):  # what counts is written last
            write_file(directory / SIGNATURES / name, encode_envelope(envelopes[name]))
    keys = tuple(each.keyid for each in envelopes[MAIN].signatures)
    return Signed(digest=release.digest, keyid=keyid, keys=keys, weights=weights is not None)


def _require_own(release: Released, texts: Mapping[str, bytes]) -> None:
    """Raise IntegrityError TB7005 for texts that are not this release's own."""
    faults = {name: _fault(name, texts[name], release) for name in STATEMENTS if name in texts}
    if texts.get("manifest.yaml") != manifest_yaml(release.content):
        faults["manifest.yaml"] = "is not the release manifest as YAML"
    findings = tuple(
        Finding(
            code="TB7005",
            message=f"{name} {fault}",
            hint="make the release again with this version of twinbuild, and sign that",
            where=Location(file=str(release.path.parent / name)),
        )
        for name, fault in faults.items()
        if fault
    )
    if findings:
        raise IntegrityError(findings)


def _fault(name: str, content: bytes, release: Released) -> str:
    """What is wrong with a statement, "" where nothing is.

    Of provenance that this version wrote builder, targets and dependencies are held against release manifest and lock:
    what is signed is no less than the whole lock. Another version may write it otherwise.
    """
    document: dict[str, Any] = release.document
    fault = statement_fault(name, content, document, release.digest)
    ours = (document["apiVersion"], document["generator"].get("version")) == (MANIFEST_VERSION, __version__)
    if fault or STATEMENTS[name] != PROVENANCE or not ours:
        return fault
    named = {entry["path"]: entry["sha256"] for entry in document["documents"]}
    path = directory_of(release) / _LOCK
    try:
        lock = read_regular(path, LARGEST)
        known = decode_lock(lock) if Digest.of(lock).hex == named.get(_LOCK) else None
    except (Irregular, LockError):
        known = None  # no lock of this release, or none that can be read: ``check_release`` says what is wrong
    return provenance_fault(content, document, known)


def _merged(
    directory: Path, payloads: Mapping[str, bytes], signatures: Mapping[str, Signature]
) -> Mapping[str, Envelope]:
    """Every envelope with the signatures that are there and these. Raises PolicyRefused TB8611, TB8612."""
    envelopes = {}
    for name, payload in payloads.items():
        there = read_envelope(directory, name)
        if there is not None and (there.payload_type, there.payload) != (IN_TOTO, payload):
            raise PolicyRefused.of(
                "TB8612",
                f"{name} has signatures of something else than this release",
                hint="look whose they are; move them away, and sign again",
                where=Location(file=str(directory / SIGNATURES / name)),
            )
        found = {each.keyid: each for each in there.signatures} if there is not None else {}
        if name in signatures:
            found[signatures[name].keyid] = signatures[name]
        ordered = tuple(found[keyid] for keyid in sorted(found))
        envelope = Envelope(payload_type=IN_TOTO, payload=payload, signatures=ordered)
        envelopes[name] = decode_envelope(encode_envelope(envelope), name=f"{SIGNATURES}/{name}")  # or it is too large
    return envelopes
