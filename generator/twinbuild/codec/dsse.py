"""DSSE envelopes: a signed text with its type and who signed it (Dead Simple Signing Envelope 1.0.2).

Reading is strict: one JSON object, base64 as RFC 4648 has it with its padding, no further keys. What is returned has
been read, not believed: who verifies signatures is ``govern.keys``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.signaturefile import SignatureFile
from twinbuild.codec.standard64 import encode_base64

__all__ = ["IN_TOTO", "Envelope", "Signature", "decode_envelope", "encode_envelope", "pae"]

IN_TOTO: Final = "application/vnd.in-toto+json"
_KEYID: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MOST: Final = 100  # signatures of an envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who signed, by the key's id, and the signature of the text's PAE."""

    keyid: str
    sig: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A text, its media type, and its signatures, sorted by key id; no key signs twice."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]


def pae(payload_type: str, payload: bytes) -> bytes:
    """What is signed: pre-authentication encoding (DSSE, protocol, "Signature Definition")."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def encode_envelope(envelope: Envelope) -> bytes:
    """The envelope as JSON. ``decode_envelope`` gives the same value back."""
    document = {
        "payload": encode_base64(envelope.payload),
        "payloadType": envelope.payload_type,
        "signatures": [{"keyid": each.keyid, "sig": encode_base64(each.sig)} for each in envelope.signatures],
    }
    return (json.dumps(document, indent=1) + "\n").encode()


def decode_envelope(content: bytes, *, name: str) -> Envelope:
    """The envelope of a file. Raises PolicyRefused TB8611 for anything else."""
    file = SignatureFile(name=name, kind="DSSE envelope")
    value = file.value(content)
    if not isinstance(value, dict) or set(value) != {"payload", "payloadType", "signatures"}:
        raise file.refused("expected an object with payload, payloadType and signatures, and nothing else")
    kind, stated = value["payloadType"], value["signatures"]
    if not isinstance(kind, str) or not isinstance(stated, list) or len(stated) > _MOST:
        raise file.refused(f"expected a payloadType and a list of at most {_MOST} signatures")
    signatures = []
    for each in stated:
        if not isinstance(each, dict) or set(each) != {"keyid", "sig"} or not isinstance(each["keyid"], str):
            raise file.refused("expected signatures with keyid and sig, and nothing else")
        if not _KEYID.fullmatch(each["keyid"]):
            raise file.refused("expected key ids of 64 hexadecimal digits")
        signatures.append(Signature(keyid=each["keyid"], sig=file.bytes_of(each["sig"])))
    keys = [each.keyid for each in signatures]
    if keys != sorted(set(keys)):
        raise file.refused("its signatures are not sorted by key id, or a key signs twice")
    return Envelope(payload_type=kind, payload=file.bytes_of(value["payload"]), signatures=tuple(signatures))
