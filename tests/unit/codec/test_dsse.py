"""``codec.dsse``: the specification's own example, a round trip, and every text that is no envelope."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from twinbuild.codec.dsse import IN_TOTO, Envelope, Signature, decode_envelope, encode_envelope, pae
from twinbuild.errors import PolicyRefused

ENVELOPE = Envelope(
    payload_type=IN_TOTO,
    payload=b'{"a":1}',
    signatures=(Signature(keyid="1" * 64, sig=b"first"), Signature(keyid="2" * 64, sig=b"\x00\xff")),
)


def test_pae() -> None:
    """The example of the protocol's text; lengths are of bytes, and an empty text has one."""
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("é", b"") == b"DSSEv1 2 \xc3\xa9 0 "


def test_there_and_back() -> None:
    """The same value, the same text; no text stands for two values."""
    content = encode_envelope(ENVELOPE)
    assert decode_envelope(content, name="a.json") == ENVELOPE
    assert encode_envelope(decode_envelope(content, name="a.json")) == content
    assert set(json.loads(content)) == {"payload", "payloadType", "signatures"}


def _without(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.pop(key)


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "no payload": _without("payload"),
    "no type": _without("payloadType"),
    "no signatures": _without("signatures"),
    "a further key": lambda document: document.update(mediaType="x"),
    "a number as payload": lambda document: document.update(payload=1),
    "a number as type": lambda document: document.update(payloadType=1),
    "an object of signatures": lambda document: document.update(signatures={}),
    "a text as signature": lambda document: document.update(signatures=["x"]),
    "no key": lambda document: document["signatures"][0].pop("keyid"),
    "a number as key": lambda document: document["signatures"][0].update(keyid=1),
    "an empty key": lambda document: document["signatures"][0].update(keyid=""),
    "lines for a key": lambda document: document["signatures"][0].update(keyid="nobody\nsigned   by 1"),
    "a key in capitals": lambda document: document["signatures"][0].update(keyid="A" * 64),
    "a further key of a signature": lambda document: document["signatures"][0].update(cert="x"),
    "no base64": lambda document: document["signatures"][0].update(sig="*"),
    "base64 beyond ASCII": lambda document: document["signatures"][0].update(sig="é"),
    "base64 without padding": lambda document: document.update(payload="YQ"),
    "base64 with bits that nobody reads": lambda document: document.update(payload="YR=="),
    "base64 for addresses": lambda document: document["signatures"][1].update(sig="AP-_"),
    "a key that signs twice": lambda document: document["signatures"].append(document["signatures"][1]),
    "another order": lambda document: document["signatures"].reverse(),
    "too many": lambda document: document.update(
        signatures=[{"keyid": f"{number:064}", "sig": ""} for number in range(101)]
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_no_envelope(change: Callable[[dict[str, Any]], object]) -> None:
    """Refused by name, and a person is told where to go."""
    document = json.loads(encode_envelope(ENVELOPE))
    change(document)
    with pytest.raises(PolicyRefused) as caught:
        decode_envelope(json.dumps(document).encode(), name="signatures/a.json")
    (finding,) = caught.value.findings
    assert (finding.code, finding.where.file) == ("TB8611", "signatures/a.json")
    assert finding.hint


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b'{"payload":"","payload":""}', b"\xff", b"[" * 100_000, b"\xef\xbb\xbf{}"]
)
def test_no_json(content: bytes) -> None:
    """Whatever a file may hold, it is one error."""
    with pytest.raises(PolicyRefused) as caught:
        decode_envelope(content, name="a.json")
    assert caught.value.findings[0].code == "TB8611"


def test_too_large() -> None:
    """What is larger than any statement is not read as JSON at all."""
    with pytest.raises(PolicyRefused, match="bytes, expected at most"):
        decode_envelope(b" " * ((16 << 20) + 1), name="a.json")


def test_every_flipped_byte() -> None:
    """No byte can change without another value, or a refusal: nothing of an envelope is for nothing."""
    content = encode_envelope(ENVELOPE)
    for at in range(len(content)):
        changed = bytearray(content)
        changed[at] ^= 1
        try:
            found = decode_envelope(bytes(changed), name="a.json")
        except PolicyRefused:
            continue
        white = content[at : at + 1].isspace()
        assert found != ENVELOPE or white, at
    assert base64.b64decode(json.loads(content)["payload"]) == ENVELOPE.payload
