"""``codec.leaks.judge``: what decides between a secret and what only looks like one."""

from __future__ import annotations

import base64
import json
import re
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from twinbuild.codec.leaks.judge import entropy, is_credentials, is_json_web_token, is_literal, is_password
from twinbuild.codec.leaks.scan import find_leaks


def _match(text: bytes) -> re.Match[bytes]:
    found = re.search(rb"(?s)(?P<secret>.*)", text)
    assert found is not None
    return found


def test_entropy() -> None:
    """In bits: nothing for one letter, one for two, eight at most."""
    assert entropy(b"aaaa") == 0
    assert entropy(b"abab") == 1
    assert entropy(bytes(range(256))) == 8


@pytest.mark.parametrize(
    ("text", "expected"),
    [(b"ci:k7Qp2x", True), (b"ci:", False), (b":k7Qp2x", False), (b"ci", False), (b"ci:password", False)],
)
def test_credentials(text: bytes, expected: bool) -> None:
    """Base64 of a user and a password, both to be read."""
    assert is_credentials(_match(base64.b64encode(text))) is expected
    assert is_credentials(_match(base64.b64encode(text)[:-1].rstrip(b"="))) in (expected, False)
    assert not is_credentials(_match(base64.b64encode(b"ci:\xff\x00\x01\x02")))


@pytest.mark.parametrize("header", [[], "alg", {}, {"alg": None}, {"typ": "JWT"}])
def test_no_json_web_token(header: object) -> None:
    """A header that names no algorithm."""
    first = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=")
    assert not is_json_web_token(_match(first + b".eyJzdWIiOiJhIn0.c2lnbmF0dXJl"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"k7Qp2xLm9vRt4sWz8nBc", True),
        (b"kkkkkkkkkkkkkkkkkkkkk1A2", False),
        (b"averylongwordwithoutdigits", False),
        (b"0123456789abcdef0123456789abcdef", False),
    ],
)
def test_literal(text: bytes, expected: bool) -> None:
    """Mixed, and not repeated."""
    assert is_literal(_match(text)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [(b"k7Qp2x", True), (b"hunter2", False), (b"abc", False), (b"${P}", False), (b"aaaaaa", False)],
)
def test_password(text: bytes, expected: bool) -> None:
    """No word of manuals, no variable."""
    assert is_password(_match(text)) is expected


def test_private_key() -> None:
    """All of it must be there: manuals print the first line of one. Line ends may be written as JSON has them."""
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    large = generate_private_key(65537, 2048).private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    for whole in (key, large, large.replace(b"\n", b"\\n"), large.replace(b"\n", b"\\\\n")):
        assert [leak.kind for leak in find_leaks(whole, "a")] == ["private-key"]
    first, line, *_, last = large.splitlines()
    for cut in (b"\n".join((first, line, b"...", last)), b"\n".join((first, line * 2, last))):
        assert find_leaks(cut, "a") == ()


@pytest.mark.parametrize(
    "text",
    [
        'token = "2YotnFZFEjr1zCsicMWpAA"',
        "Authorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW",
        "postgresql://scott:tiger@db/test",
        "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;",
    ],
)
def test_published(text: str) -> None:
    """What specifications and emulators print for all to copy."""
    assert find_leaks(text.encode(), "app.py") == ()


@pytest.mark.parametrize(
    "text",
    [
        b'token = "' + b"aaa/" * 40 + b'aB3+Zq9=x"',
        b'password = "aB1' + b".(" * 90 + b'!"',
        b'"kty"' * 80_000,
        b'"d"' * 350_000,
        b"pass" * 250_000,
        b"x-key: " * 150_000,
        b'"kty"' + b"{" + b'"d":"k7Qp2xLm9vRt4sWz8nBcY3hJk7Qp2xLm"' * 10_000,
    ],
)
def test_time(text: bytes) -> None:
    """No value is tried in more than one way: one of many parts took years."""
    began = time.process_time()
    find_leaks(text, "config.py")
    assert time.process_time() - began < 1
