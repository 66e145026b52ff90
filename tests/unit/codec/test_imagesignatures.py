"""``codec.imagesignatures``: a round trip, and every text that is no such list."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from twinbuild.codec.imagesignatures import ImageSignature, decode_image_signatures, encode_image_signatures
from twinbuild.errors import PolicyRefused

SIGNATURES = (ImageSignature(payload=b'{"a":1}', sig=b"first"), ImageSignature(payload=b"", sig=b"\x00\xff"))


def test_there_and_back() -> None:
    """The same value in the same order, the same text."""
    content = encode_image_signatures(SIGNATURES)
    assert decode_image_signatures(content, name="x") == SIGNATURES
    assert encode_image_signatures(decode_image_signatures(content, name="x")) == content
    assert decode_image_signatures(encode_image_signatures(()), name="x") == ()


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "no list": lambda document: document.pop("signatures"),
    "a further key": lambda document: document.update(more=1),
    "an object of signatures": lambda document: document.update(signatures={}),
    "a text as signature": lambda document: document.update(signatures=["x"]),
    "no text": lambda document: document["signatures"][0].pop("payload"),
    "a further key of a signature": lambda document: document["signatures"][0].update(keyid="x"),
    "no base64": lambda document: document["signatures"][0].update(sig="*"),
    "base64 without padding": lambda document: document["signatures"][1].update(payload="YQ"),
    "too many": lambda document: document.update(signatures=document["signatures"] * 5001),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_no_list(change: Callable[[dict[str, Any]], object]) -> None:
    """Refused by name, and a person is told where to go."""
    document = json.loads(encode_image_signatures(SIGNATURES))
    change(document)
    with pytest.raises(PolicyRefused) as caught:
        decode_image_signatures(json.dumps(document).encode(), name="signatures/a.json")
    (finding,) = caught.value.findings
    assert (finding.code, finding.where.file) == ("TB8611", "signatures/a.json")
    assert finding.hint


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"\xff", b'\xef\xbb\xbf{"signatures":[]}', b"[" * 100_000, b" " * ((16 << 20) + 1)]
)
def test_no_json(content: bytes) -> None:
    """Whatever a file may hold, it is one error."""
    with pytest.raises(PolicyRefused, match="is no list of signatures of images"):
        decode_image_signatures(content, name="a.json")
