"""Sign: a release that is whole gets signatures in ``signatures/``, in the forms that other tools read, too.

``release.dsse.json`` is what counts: one statement over everything. ``provenance.dsse.json`` and ``tests.dsse.json``
hold the release's own statements, and ``manifest.json.KEYID.sig`` is the plain signature of the release manifest. A
second key's signatures join the first's.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from twinbuild.codec.dsse import IN_TOTO, Envelope, Signature, decode_envelope, encode_envelope, pae
from twinbuild.errors import PolicyRefused
from twinbuild.govern.signer import Signer
from twinbuild.model.digest import Digest
from twinbuild.pipeline.attested import ENVELOPES, directory_of, payload_of
from twinbuild.pipeline.observed import SIGNATURES
from twinbuild.pipeline.output import write_file
from twinbuild.pipeline.released import Released
from twinbuild.pipeline.validating import check_release

__all__ = ["Signed", "sign_release"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """The release that was signed, by whom, and the ids of all keys whose signatures are there now."""

    digest: Digest
    keyid: str
    keys: tuple[str, ...]


def sign_release(release: Released, signer: Signer) -> Signed:
    """Sign a release in its directory. Signing again with the same key writes the same files.

    Raises UsageError TB7003 for a release manifest that lies alone, IntegrityError as ``check_release`` does for a
    release that is not whole, and PolicyRefused TB8611 or TB8612 for older signatures of something else: they are left.
    """
    directory = directory_of(release)
    check_release(release)
    keyid = signer.public.keyid
    written: dict[Path, bytes] = {}
    keys: tuple[str, ...] = ()
    for name in ENVELOPES:
        payload = payload_of(name, release)
        if payload is None:
            continue
        path = directory / SIGNATURES / name
        others = tuple(each for each in _signatures(path, payload) if each.keyid != keyid)
        mine = Signature(keyid=keyid, sig=signer.sign(pae(IN_TOTO, payload)))
        signatures = tuple(sorted((*others, mine), key=lambda each: each.keyid))
        written[path] = encode_envelope(Envelope(payload_type=IN_TOTO, payload=payload, signatures=signatures))
        keys = keys or tuple(each.keyid for each in signatures)
    plain = directory / SIGNATURES / f"manifest.json.{keyid}.sig"
    written[plain] = base64.b64encode(signer.sign(release.content)) + b"\n"
    for path, content in written.items():
        write_file(path, content)
    return Signed(digest=release.digest, keyid=keyid, keys=keys)


def _signatures(path: Path, payload: bytes) -> tuple[Signature, ...]:
    """Those that are there already, of the same text. Raises PolicyRefused TB8611, TB8612."""
    if not path.is_file():
        return ()
    envelope = decode_envelope(path.read_bytes(), name=str(path))
    if (envelope.payload_type, envelope.payload) != (IN_TOTO, payload):
        raise PolicyRefused.of(
            "TB8612",
            f"{path.name} has signatures of something else than this release",
            hint="look whose they are; move them away, and sign again",
            where=str(path),
        )
    return envelope.signatures
