"""``codec.tokens.url64``: one spelling for each text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinbuild.codec.tokens.url64 import decode_url64, encode_url64


@given(st.binary(max_size=100))
def test_there_and_back(content: bytes) -> None:
    """What was written is read."""
    assert decode_url64(encode_url64(content)) == content


@given(st.text(alphabet="AQgw_-=+/. \n", max_size=8))
def test_one_spelling(text: str) -> None:
    """What is read is what is written."""
    found = decode_url64(text)
    assert found is None or encode_url64(found) == text


@pytest.mark.parametrize("value", ["AA==", "A", "AB", "A+", "A/", "AA\n", "é", None, 1, b"AA"])
def test_refused(value: object) -> None:
    """Padding, bits left over, the other alphabet, anything else than text."""
    assert decode_url64(value) is None
