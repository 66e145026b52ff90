"""``codec.tokens.compact``: any bytes are a token or are refused; the hostile ones are in ``govern.tokens``'s tests."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.governed import NOW
from fakes.tokens import Mint
from twinbuild.codec.mask import mask
from twinbuild.codec.tokens.compact import decode_token, looks_like_token
from twinbuild.errors import PolicyRefused
from twinbuild.model.digest import Digest

_TOKEN = Mint().token("twinbuild:x", more=["text"], flag=False)


def test_decoded() -> None:
    """What it says; texts and truth values alone are claims that count."""
    token = decode_token(_TOKEN, name="t")
    assert (token.algorithm, token.kid, token.audience) == ("ES256", "one", "twinbuild:x")
    assert (token.issued, token.not_before, token.expires) == (NOW, NOW, NOW + 300)
    assert (token.claim("sub"), token.claim("flag"), token.claim("more"), token.claim("x")) == (
        "grace",
        False,
        None,
        None,
    )
    assert token.digest == Digest.of(_TOKEN)
    assert decode_token(Mint().token("twinbuild:x", nbf=None), name="t").not_before == NOW


@given(st.integers(0, len(_TOKEN) - 1), st.integers(0, 255))
def test_changed(place: int, byte: int) -> None:
    """A changed byte gives another token, or none; nothing else is raised."""
    content = _TOKEN[:place] + bytes([byte]) + _TOKEN[place + 1 :]
    with contextlib.suppress(PolicyRefused):
        assert (decode_token(content, name="t").digest == Digest.of(_TOKEN)) is (content == _TOKEN)


@given(st.binary(max_size=60))
def test_any_bytes(content: bytes) -> None:
    """None of them is a token."""
    with contextlib.suppress(PolicyRefused):
        decode_token(content, name="t")
        raise AssertionError(content)


def test_looks_like_one() -> None:
    """So that nobody gives it where others see it."""
    assert looks_like_token(_TOKEN.decode())
    assert not looks_like_token("eyJ.txt")


@pytest.mark.parametrize("content", [b"x", b"a.b.c", Mint().token("x", header={"jku": "u"}), Mint().token(["x", "y"])])
def test_words(content: bytes) -> None:
    """Why it is none is said where errors are printed: it is taken for no secret."""
    with pytest.raises(PolicyRefused) as raised:
        decode_token(content, name="the token")
    (finding,) = raised.value.findings
    assert mask(finding.message) == finding.message
