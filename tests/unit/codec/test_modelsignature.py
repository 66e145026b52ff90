"""``codec.modelsignature``: a round trip, and every text that is no such bundle."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from twinbuild.codec.modelsignature import ModelSignature, decode_model_signature, encode_model_signature
from twinbuild.errors import PolicyRefused

SIGNATURE = ModelSignature(payload=b'{"a":1}', hint="0a" * 32, keyid="1b" * 32, sig=b"\x00\xff")


@pytest.mark.parametrize("keyid", ["1b" * 32, ""])
def test_there_and_back(keyid: str) -> None:
    """The same value, the same text; a bundle of model-signing itself has no id of the key."""
    signature = ModelSignature(payload=SIGNATURE.payload, hint=SIGNATURE.hint, keyid=keyid, sig=SIGNATURE.sig)
    content = encode_model_signature(signature)
    assert decode_model_signature(content, name="x") == signature
    assert encode_model_signature(decode_model_signature(content, name="x")) == content


def _envelope(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["dsseEnvelope"]
    return found


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another bundle": lambda document: document.update(
        mediaType="application/vnd.dev.sigstore.bundle+json;version=0.2"
    ),
    "a further key": lambda document: document.update(more=1),
    "no material": lambda document: document.pop("verificationMaterial"),
    "a certificate": lambda document: document.update(verificationMaterial={"certificate": {}, "tlogEntries": []}),
    "an entry of a log": lambda document: document["verificationMaterial"].update(tlogEntries=[{}]),
    "no hint": lambda document: document["verificationMaterial"].update(publicKey={}),
    "a hint of something else": lambda document: document["verificationMaterial"]["publicKey"].update(hint="ada"),
    "another type": lambda document: _envelope(document).update(payloadType="text/plain"),
    "no signature": lambda document: _envelope(document).update(signatures=[]),
    "two signatures": lambda document: _envelope(document).update(signatures=_envelope(document)["signatures"] * 2),
    "no base64": lambda document: _envelope(document).update(payload="YQ"),
    "another id": lambda document: _envelope(document)["signatures"][0].update(keyid="ada"),
    "an id that is none": lambda document: _envelope(document)["signatures"][0].update(keyid=None),
    "a further key of a signature": lambda document: _envelope(document)["signatures"][0].update(cert="x"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_no_bundle(change: Callable[[dict[str, Any]], object]) -> None:
    """Refused by name."""
    document = json.loads(encode_model_signature(SIGNATURE))
    change(document)
    with pytest.raises(PolicyRefused) as caught:
        decode_model_signature(json.dumps(document).encode(), name="signatures/model.x.sig")
    assert caught.value.findings[0].code == "TB8660"
    assert "signatures/model.x.sig" in caught.value.findings[0].message


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"mediaType":1,"mediaType":1}', b" " * ((16 << 20) + 1)])
def test_no_json(content: bytes) -> None:
    """Nor any other text."""
    with pytest.raises(PolicyRefused):
        decode_model_signature(content, name="x")
