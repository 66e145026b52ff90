"""``codec.leaks.rules``: each kind is found, in whatever stands around it; and what is none is not."""

from __future__ import annotations

import base64
import os
import random
import re
import time

import pytest

from fakes.leaks import leaks
from twinbuild.codec.leaks.prefixes import PREFIXED
from twinbuild.codec.leaks.rules import RULES
from twinbuild.codec.leaks.scan import find_leaks

SEED = 20261126
NAMES = sorted(leaks(0))


@pytest.mark.parametrize("name", NAMES)
def test_found(name: str) -> None:
    """On its line, under its kind, whatever was drawn; the value stands nowhere in what is said."""
    for seed in range(SEED, SEED + 2):  # each finding costs a slow fingerprint
        kind, path, text = leaks(seed)[name]
        found = find_leaks(f"first\n\n{text}\nlast\n".encode(), path)
        assert kind in {leak.kind for leak in found}, (seed, found)
        assert {leak.path for leak in found} == {path}
        assert min(leak.line for leak in found) >= 3
        words = [word for word in re.findall(r"[\w/+.-]{16,}", text) if word not in path]
        assert not any(word in repr(found) for word in words)


def test_enough() -> None:
    """Forty kinds of places and more; no rule without a name of its own."""
    assert len(NAMES) > 50
    assert len({rule.kind for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("name", NAMES)
def test_triggers(name: str) -> None:
    """A rule's triggers are such as a search in lower case finds."""
    kind, _, text = leaks(SEED)[name]
    (rule,) = (rule for rule in RULES if rule.kind == kind)
    assert any(trigger in text.lower().encode() for trigger in rule.triggers)
    assert all(trigger == trigger.lower() for trigger in rule.triggers)


def _key(name: str = "RSA ") -> str:
    return f"-----BEGIN {name}PRIVATE KEY-----\n{_BODY}\n-----END {name}PRIVATE KEY-----\n"


_BODY = "\n".join(base64.b64encode(random.Random(SEED + line).randbytes(48)).decode() for line in range(24))
_HEX, _MIXED = "9f2c4b7e1d8a3f60" * 2 + "c5e7b1940d6f28a3", "k7Qp2xLm9vRt4sWz8nBcY3hJ"
HARD = {
    "a key before a word of manuals": ("private-key", "a", _key() + "an example of a placeholder\n"),
    "a key that spells a stand-in": ("private-key", "a", _key().replace(_BODY[70:74], "xXxX")),
    "a key in lines of source": ("private-key", "a.py", "".join(f'"{line}\\n"\n' for line in _key().split("\n"))),
    "a key for signing": ("secret-key", "a.py", f'SECRET_KEY = "{_HEX}"'),
    "Django's": ("secret-key", "a.py", f"SECRET_KEY = 'django-insecure-({_MIXED})'"),
    "a token of an environment": ("environment-file", "a/.env", f"API_TOKEN={_MIXED}"),
    "its password": ("password-file", "production.env", "export DB_PASSWORD=Tr0ub4dor&3"),
    "a file of logins in an archive": ("password-file", "a.zip!.pypirc", "password: Tr0ub4dor&3"),
}


@pytest.mark.parametrize("name", sorted(HARD))
def test_found_in_hard_places(name: str) -> None:
    """What stands beside a secret, how its lines are broken, and an archive's path hide none."""
    kind, path, text = HARD[name]
    assert [leak.kind for leak in find_leaks(text.encode(), path)] == [kind]


def test_keys_one_after_the_other() -> None:
    """Each is told."""
    assert len(find_leaks((_key() + _key().replace(_BODY[:8], "AbC4eF6h")).encode(), "a")) == 2


NONE = {
    "a key of words": "-----BEGIN PRIVATE KEY-----\n" + "put your own private key here as it was given " * 3,
    "a key of one letter": "-----BEGIN PRIVATE KEY-----\n" + "x" * 128,
    "a setting's name": 'SECRET_KEY = "SCORER_SECRET_KEY_OF_THE_SERVICE"',
    "the key of AWS's manuals": 'KEY = "AKIAIOSFODNN7EXAMPLE"',
    "its secret": "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "a mark of PEM alone": 'if "-----BEGIN PRIVATE KEY-----" in text: raise ValueError("a private key")',
    "a public key": "-----BEGIN PUBLIC KEY-----\n" + "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" * 4,
    "a certificate": "-----BEGIN CERTIFICATE-----\n" + "MIIBszCCAVmgAwIBAgIU" * 10,
    "a variable": 'password = os.environ["DATABASE_PASSWORD"]',
    "a reference": "secretKeyRef: {name: scorer-credentials, key: database-password}",
    "an empty value": 'TOKEN = ""',
    "a word": 'password = "correct-horse-battery-staple"',
    "a name of a class": 'token = "transformers.models.bert.tokenization_bert"',
    "a special token": 'pad_token: "<|reserved_special_token_250|>"',
    "a digest": 'token_sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"',
    "an identifier": 'secret: "6f2b7c62-94be-4b3e-a7c4-0dc7d3d50a11"',
    "an address": "https://user@host.corp/path:8080@x",
    "a port and a mail": "http://host.corp:8080/a@b",
    "an address with a variable": "postgresql://scorer:${DATABASE_PASSWORD}@db.corp/risk",
    "an address with a template": "https://{user}:{password}@host.corp/",
    "an address of a manual": "https://user:password@host.corp/",
    "an address of examples": "https://ada:lovelace1815@registry.example/simple",
    "netrc of a manual": "machine example.com login ada password lovelace1815",
    "Docker without a login": '{"auths": {"r.corp": {"auth": ""}}, "credsStore": "pass"}',
    "another auth": '"auth": "basicauthentication"',
    "a stand-in": "token: ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "a counted stand-in": "hf_abcdefghijklmnopqrstuvwxyz01234567",
    "no web token": "eyJhbGciOiJ.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    "a wheel": "https://host/packages/ab/cd/numpy-2.4.6-cp311-cp311-manylinux_2_27_x86_64.whl#sha256=" + "a1" * 32,
    "an image": "registry.example/a/b@sha256:" + "0a" * 32,
    "a header with a variable": '{"Authorization": "Bearer " + token}',
    "a header in a manual": "Authorization: Bearer YOUR_TOKEN_HERE_PLEASE_01",
}


@pytest.mark.parametrize("text", NONE.values(), ids=NONE)
def test_none(text: str) -> None:
    """Examples of manuals, stand-ins, variables, digests, names."""
    assert find_leaks(text.encode(), "app/a.py") == ()


def test_bytes() -> None:
    """Bytes by lot hold none, and one that stands among them is found."""
    text = leaks(SEED)["GitHub"][2].encode()
    assert find_leaks(os.urandom(1 << 20), "model.bin") == ()
    assert [leak.kind for leak in find_leaks(b"\x00\xff" * 1000 + text + b"\x00" * 1000, "a.pyc")] == ["github-token"]


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in PREFIXED], ids=lambda rule: rule.kind)
def test_time(rule: object) -> None:
    """No text makes a form slow: what nearly fits, repeated."""
    form = rule.form  # type: ignore[attr-defined]
    pieces = [
        b"password=",
        b"a://a:",
        b"eyJ" + b"a" * 50 + b".",
        b"machine a login a password ",
        b'"auth":"' + b"a" * 50,
    ]
    pieces += [
        b"-----BEGIN PRIVATE KEY-----" + b"a" * 63,
        b"api_key",
        b"a.b-c_",
        b"secret",
        b" " * 9,
        b"\t\n",
        b"sk-",
        b"0",
    ]
    pieces += [
        b"LS0tLS1CRUdJTi",
        b"1:AA",
        b"a:1:b:c",
        b"?sv=&sig=",
        b"authorization: bearer ",
        b"twilio = ",
        b'"kty"a',
        b"<a-token ",
        b"name=a",
    ]
    pieces += [b"curl -u ", b"login ", b"x-a", b"[env", b"https://"]
    for piece in pieces:
        text = piece * (100_000 // len(piece))
        began = time.process_time()
        for _ in form.finditer(text):
            pass
        assert time.process_time() - began < 2, (form, piece)
