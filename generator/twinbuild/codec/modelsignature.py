"""``model.KEYID.sig``: a Sigstore bundle around one DSSE envelope, as OpenSSF's model signing writes and reads it.

One key signs each bundle, since ``model-signing`` looks at the first signature alone. It names the key twice: by the
SHA-256 of its PEM ("hint"), which model-signing compares, and by securesystemslib's id in the envelope. Bundles of
model-signing itself have no id there; they are read, too. What is returned has been read, not believed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from twinbuild.codec.amounts import counted
from twinbuild.codec.dsse import IN_TOTO
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.codec.standard64 import decode_base64, encode_base64
from twinbuild.errors import Location, PolicyRefused

__all__ = ["ModelSignature", "decode_model_signature", "encode_model_signature"]

_BUNDLE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
_LARGEST: Final = 16 << 20  # bytes of a bundle
_HEX: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSignature:
    """A statement (in-toto, JSON) and the signature of its PAE.

    ``hint`` is the SHA-256 of the public key's PEM, ``keyid`` securesystemslib's id, "" where the bundle has none.
    """

    payload: bytes
    hint: str
    keyid: str
    sig: bytes


def encode_model_signature(signature: ModelSignature) -> bytes:
    """The bundle as JSON. ``decode_model_signature`` gives the same value back."""
    document = {
        "mediaType": _BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": signature.hint}, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": encode_base64(signature.payload),
            "payloadType": IN_TOTO,
            "signatures": [{"sig": encode_base64(signature.sig), "keyid": signature.keyid}],
        },
    }
    return (json.dumps(document, indent=1) + "\n").encode()


def decode_model_signature(content: bytes, *, name: str) -> ModelSignature:
    """The one signature of a bundle. Raises PolicyRefused TB8660 for anything else."""
    if len(content) > _LARGEST:
        raise _refused(name, f"it has {counted(len(content), 'byte')}, expected at most {_LARGEST}")
    try:
        value: Any = parse_json(name, content)[0]
    except JsonProblem as problem:
        raise _refused(name, problem.message) from None
    if not _is_object(value, "mediaType", "verificationMaterial", "dsseEnvelope") or value["mediaType"] != _BUNDLE:
        raise _refused(name, f"expected mediaType ({_BUNDLE}), verificationMaterial and dsseEnvelope alone")
    material, envelope = value["verificationMaterial"], value["dsseEnvelope"]
    if not _is_object(material, "publicKey", "tlogEntries") or material["tlogEntries"] != []:
        raise _refused(name, "expected a publicKey and no entry of a log: it is signed by a key")
    if not _is_object(material["publicKey"], "hint") or not _is_id(material["publicKey"]["hint"]):
        raise _refused(name, "expected the SHA-256 of the public key as its hint")
    if not _is_object(envelope, "payload", "payloadType", "signatures") or envelope["payloadType"] != IN_TOTO:
        raise _refused(name, f"expected an envelope of {IN_TOTO}")
    stated = envelope["signatures"]
    if not isinstance(stated, list) or len(stated) != 1 or not _is_object(stated[0], "sig", "keyid"):
        raise _refused(name, "expected one signature with sig and keyid, and nothing else")
    payload, sig = decode_base64(envelope["payload"]), decode_base64(stated[0]["sig"])
    if payload is None or sig is None:
        raise _refused(name, "expected base64 with its padding (RFC 4648, 4)")
    if stated[0]["keyid"] != "" and not _is_id(stated[0]["keyid"]):
        raise _refused(name, "expected a key id of 64 hexadecimal digits, or none")
    return ModelSignature(payload=payload, hint=material["publicKey"]["hint"], keyid=stated[0]["keyid"], sig=sig)


def _is_object(value: object, *keys: str) -> bool:
    return isinstance(value, dict) and set(value) == set(keys)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _HEX.fullmatch(value) is not None


def _refused(name: str, why: str) -> PolicyRefused:
    return PolicyRefused.of(
        "TB8660",
        f"{name} is no signature in the layout of model signing: {why}",
        hint="take the release from where it was signed again",
        where=Location(file=name),
    )
