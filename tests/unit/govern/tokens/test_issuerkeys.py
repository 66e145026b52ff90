"""``govern.tokens.issuerkeys``: only keys of their algorithm, strong ones, verify. Signatures: ``test_verifying``."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from fakes.tokens import Mint, pinned
from twinbuild.codec.tokens.keyset import PublicNumbers
from twinbuild.codec.tokens.url64 import decode_url64
from twinbuild.errors import PolicyRefused, UsageError
from twinbuild.govern.tokens.issuerkeys import check_key, pem_of, verifies

_KEYS = {key.kid: key for key in pinned(Mint()).keys}


def test_pinned() -> None:
    """Each kind, as it is pinned."""
    for key in _KEYS.values():
        check_key(key, name="1.root.json")


@pytest.mark.parametrize(
    "key",
    [
        replace(_KEYS["one"], pem=_KEYS["two"].pem),
        replace(_KEYS["two"], pem=_KEYS["three"].pem),
        replace(_KEYS["three"], algorithm="ES256"),
        replace(_KEYS["one"], pem="-----BEGIN PUBLIC KEY-----\n"),
        replace(_KEYS["one"], pem=_KEYS["one"].pem + "\n"),
        replace(_KEYS["one"], pem=_KEYS["one"].pem.replace("\n", "\r\n")),
    ],
)
def test_refused(key: object) -> None:
    """Of another algorithm, none, or in another spelling: then no signature holds, either."""
    with pytest.raises(PolicyRefused) as raised:
        check_key(key, name="1.root.json")  # type: ignore[arg-type]
    assert raised.value.findings[0].code == "TB8801"


def test_weak() -> None:
    """A weak key that somebody wrote into a document verifies nothing."""
    mint = Mint(kinds={"weak": "weak"})
    jwk = mint.jwk("weak")
    numbers = tuple(decode_url64(jwk[name]) or b"" for name in ("n", "e"))
    weak = replace(
        _KEYS["two"], kid="weak", pem=pem_of(PublicNumbers(kid="weak", algorithm="RS256", numbers=numbers), name="t")
    )
    assert not verifies(weak, b"text", mint.sign("weak", b"text"))
    with pytest.raises(PolicyRefused):
        check_key(weak, name="1.root.json")


@pytest.mark.parametrize(
    ("algorithm", "numbers"), [("ES256", (b"\x01" * 32, b"\x02" * 32)), ("EdDSA", (b"\x01" + bytes(31),))]
)
def test_off_the_curve(algorithm: Any, numbers: tuple[bytes, ...]) -> None:
    """Numbers that are no point, and a point for which everybody signs."""
    with pytest.raises(UsageError) as raised:
        pem_of(PublicNumbers(kid="x", algorithm=algorithm, numbers=numbers), name="jwks.json")
    assert raised.value.findings[0].code == "TB8876"


def test_everybodys_key() -> None:
    """A point of small order that somebody wrote into a document: its signatures say nothing."""
    der = bytes.fromhex("302a300506032b6570032100") + b"\x01" + bytes(31)
    pem = f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(der).decode()}\n-----END PUBLIC KEY-----\n"
    key = replace(_KEYS["three"], pem=pem)
    with pytest.raises(PolicyRefused):
        check_key(key, name="1.root.json")
    assert not verifies(key, b"text", b"\x01" + bytes(63))
