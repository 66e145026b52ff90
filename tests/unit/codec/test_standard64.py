"""``codec.standard64``: one text for each content, and nothing else is read."""

from __future__ import annotations

import pytest

from twinbuild.codec.standard64 import decode_base64, encode_base64


@pytest.mark.parametrize("content", [b"", b"f", b"fo", b"foo", bytes(range(256))])
def test_there_and_back(content: bytes) -> None:
    """The same bytes."""
    assert decode_base64(encode_base64(content)) == content
    assert encode_base64(b"fo") == "Zm8="


@pytest.mark.parametrize("value", ["Zg", "Zh==", "Zg==\n", " Zg==", "AP-_", "*", "é", None, 1, b"Zg==", ["Zg=="]])
def test_others(value: object) -> None:
    """Padding that is missing, bits that nobody reads, white space, other alphabets, what is no text."""
    assert decode_base64(value) is None
