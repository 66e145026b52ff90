"""``codec.tokens.keyset``: what is pinned, what is left out, and what is refused whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakes.tokens import Mint
from twinbuild.codec.tokens.keyset import decode_key_set
from twinbuild.errors import UsageError

_MINT = Mint()
_EC, _RSA, _ED = (_MINT.jwk(kid) for kid in _MINT.kinds)


def _set(*keys: Any) -> bytes:
    return json.dumps({"keys": keys}).encode()


def test_taken() -> None:
    """Of each kind, sorted by kid; what is for something else is left out, and named."""
    found = decode_key_set(
        _set(
            _RSA,
            _EC,
            _ED,
            {**_RSA, "kid": "enc", "use": "enc"},
            {**_RSA, "kid": "long", "alg": "RS512"},
            {"kty": "EC", "crv": "P-384", "kid": "curve", "x": "AA", "y": "AA"},
            {**_EC, "kid": "wrap", "key_ops": ["verify", "deriveKey"]},
        ),
        name="jwks.json",
    )
    assert [(each.kid, each.algorithm) for each in found.keys] == [
        ("one", "ES256"),
        ("three", "EdDSA"),
        ("two", "RS256"),
    ]
    assert [each.partition(":")[0] for each in found.left] == ["enc", "long", "curve", "wrap"]


_BAD: dict[str, bytes] = {
    "empty": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "no keys": b'{"keys": []}',
    "keys no list": b'{"keys": {}}',
    "a key no object": _set("x"),
    "too many": _set(*({**_ED, "kid": str(index)} for index in range(101))),
    "too large": b" " * (257 << 10),
    "keys twice": b'{"keys": [], "keys": []}',
    "a private RSA key": _set({**_RSA, "d": "AQAB"}),
    "a private key that is left out": _set(_EC, {**_RSA, "kid": "x", "use": "enc", "p": "AQAB"}),
    "a private key of a curve": _set({**_EC, "d": "AQAB"}),
    "other primes": _set({**_RSA, "oth": []}),
    "a shared secret": _set({"kty": "oct", "kid": "x", "k": "c2VjcmV0"}),
    "a shared secret without its text": _set(_EC, {"kty": "oct", "kid": "x"}),
    "a kid twice": _set(_EC, {**_ED, "kid": "one"}),
    "a kid twice, one left out": _set(_EC, {**_RSA, "kid": "one", "use": "enc"}),
    "no kid": _set({key: value for key, value in _EC.items() if key != "kid"}),
    "a kid with a control character": _set({**_EC, "kid": "a\x1b[2J"}),
    "a kid that is no text": _set({**_EC, "kid": 1}),
    "a weak RSA key": _set(Mint(kinds={"weak": "weak"}).jwk("weak")),
    "a huge RSA key": _set({**_RSA, "n": "_" * 2000}),
    "a small exponent": _set({**_RSA, "e": "Aw"}),
    "an even exponent": _set({**_RSA, "e": "AQAC"}),
    "an even modulus": _set({**_RSA, "n": _RSA["n"][:-2] + "AA"}),
    "a modulus with padding": _set({**_RSA, "n": _RSA["n"] + "=="}),
    "no modulus": _set({key: value for key, value in _RSA.items() if key != "n"}),
    "a short point": _set({**_EC, "x": "AA"}),
    "only what is left out": _set({**_RSA, "use": "enc"}),
}


@pytest.mark.parametrize("what", _BAD)
def test_refused(what: str) -> None:
    """Whole: nobody pins the rest of such a file."""
    with pytest.raises(UsageError) as raised:
        decode_key_set(_BAD[what], name="jwks.json")
    assert raised.value.findings[0].code == "TB8876"
