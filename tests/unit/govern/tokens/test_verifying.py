"""``govern.tokens.verifying``: what is no token, is forged, or is for something else is refused; the rest is judged."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from fakes.governed import NOW, YEAR
from fakes.tokens import URL, Mint, join, part, pinned
from twinbuild.codec.tokens.keyset import decode_key_set
from twinbuild.codec.tokens.url64 import decode_url64, encode_url64
from twinbuild.errors import PolicyRefused
from twinbuild.govern.tokens.edits import with_identity, with_issuer
from twinbuild.govern.tokens.issuerkeys import pem_of, verifies
from twinbuild.govern.tokens.verifying import Bearer, audience_for, judge_token, opened_token
from twinbuild.model.issuers import IssuerKey
from twinbuild.model.trust import TrustRoot
from twinbuild.model.validity import Revocation

_MINT = Mint()
_RELEASE = f"sha256:{'a' * 64}"
_AUDIENCE = f"twinbuild:{_RELEASE}:production"
_HEADER = {"alg": "ES256", "kid": "one", "typ": "JWT"}
_CLAIMS: dict[str, Any] = {"iss": URL, "aud": _AUDIENCE, "sub": "grace", "iat": NOW, "exp": NOW + 300}


def _root(mint: Mint = _MINT) -> TrustRoot:
    root = TrustRoot(version=1, created=NOW, expires=NOW + YEAR, keys=(), roles=())
    root = with_issuer(root, pinned(mint, now=NOW - 400), now=NOW - 400)
    return with_identity(root, "grace", "ci", (("sub", "grace"),), since=NOW - 400)


def _judge(content: bytes, *, root: TrustRoot | None = None, at: int = NOW, logged: bool = False) -> Bearer:
    root = root or _root()
    opened = opened_token(content, root, name="the token")
    assert opened is not None
    return judge_token(opened, root, at, logged=logged)


def _header(**more: Any) -> bytes:
    return _MINT.signed({**_HEADER, **more}, _CLAIMS)


def _claims(**more: Any) -> bytes:
    return _MINT.signed(_HEADER, {**_CLAIMS, **more})


def _padded(token: bytes) -> bytes:
    head, claims, signature = token.split(b".")
    return b".".join((head, claims, signature + b"=" * (-len(signature) % 4 or 4)))


def _respelled(token: bytes) -> bytes:
    """Other text of the same signature's bytes: the bits that base64 leaves over are set (64 bytes leave four)."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = digits[digits.index(chr(token[-1])) + 1]
    found = token[:-1] + last.encode()
    old, new = (base64.urlsafe_b64decode(each.rpartition(b".")[2] + b"==") for each in (token, found))
    assert old == new
    return found


def _twice() -> bytes:
    text = json.dumps(_CLAIMS)
    return _MINT.signed(_HEADER, text[:-1] + ', "aud": "twinbuild"}')


def _swapped() -> bytes:
    """Claims of one token under the signature of another."""
    head, _, signature = _claims().split(b".")
    return b".".join((head, part({**_CLAIMS, "sub": "ada"}).encode(), signature))


_HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "TB8870"),
    "two parts": (b"e30.e30", "TB8870"),
    "four parts": (_claims() + b".e30", "TB8870"),
    "five parts, as encrypted ones have": (_claims() + b".e30.e30", "TB8870"),
    "no signature": (_claims().rpartition(b".")[0] + b".", "TB8870"),
    "a line end": (_claims() + b"\n", "TB8870"),
    "not ASCII": (_claims()[:-1] + "é".encode(), "TB8870"),
    "too long": (_claims(more="x" * 17000), "TB8870"),
    "padding": (_padded(_claims()), "TB8870"),
    "bits left over": (_respelled(_claims()), "TB8870"),
    "JSON serialisation": (json.dumps({"payload": part(_CLAIMS)}).encode(), "TB8870"),
    "header no object": (_MINT.signed([1], _CLAIMS), "TB8870"),
    "claims no object": (_MINT.signed(_HEADER, '"text"'), "TB8870"),
    "claims no JSON": (_MINT.signed(_HEADER, "{"), "TB8870"),
    "claims not UTF-8": (_MINT.signed(_HEADER, b'{"sub": "\xff"}'), "TB8870"),
    "claims too deep": (_MINT.signed(_HEADER, '{"a":' * 200 + "1" + "}" * 200), "TB8870"),
    "NaN": (_MINT.signed(_HEADER, json.dumps({**_CLAIMS, "exp": float("nan")})), "TB8870"),
    "a claim twice": (_twice(), "TB8870"),
    "a header's key twice": (_MINT.signed('{"alg":"none","kid":"one","alg":"ES256"}', _CLAIMS), "TB8870"),
    "alg none": (_MINT.signed({**_HEADER, "alg": "none"}, _CLAIMS), "TB8870"),
    "alg None": (_header(alg="None"), "TB8870"),
    "alg missing": (_MINT.signed({"kid": "one"}, _CLAIMS), "TB8870"),
    "alg of another key": (_header(kid="two"), "TB8870"),
    "alg ES384": (_header(alg="ES384"), "TB8870"),
    "alg PS256 for an RSA key": (_MINT.signed({**_HEADER, "kid": "two", "alg": "PS256"}, _CLAIMS, "two"), "TB8870"),
    "alg in lower case": (_header(alg="es256"), "TB8870"),
    "no kid": (_MINT.signed({"alg": "ES256"}, _CLAIMS), "TB8870"),
    "kid a number": (_header(kid=1), "TB8870"),
    "kid with a line end": (_header(kid="one\n"), "TB8870"),
    "crit": (_header(crit=["exp"], exp=1), "TB8870"),
    "empty crit": (_header(crit=[]), "TB8870"),
    "its own key": (_header(jwk=_MINT.jwk("one")), "TB8870"),
    "an address of keys": (_header(jku="https://evil.example/jwks"), "TB8870"),
    "certificates": (_header(x5c=["MII"]), "TB8870"),
    "an address of certificates": (_header(x5u="https://evil.example/c"), "TB8870"),
    "payload not encoded": (_header(b64=False), "TB8870"),
    "compressed": (_header(zip="DEF"), "TB8870"),
    "an access token": (_header(typ="at+jwt"), "TB8870"),
    "no issuer": (_MINT.signed(_HEADER, {k: v for k, v in _CLAIMS.items() if k != "iss"}), "TB8870"),
    "no audience": (_MINT.signed(_HEADER, {k: v for k, v in _CLAIMS.items() if k != "aud"}), "TB8870"),
    "no expiry": (_MINT.signed(_HEADER, {k: v for k, v in _CLAIMS.items() if k != "exp"}), "TB8870"),
    "not issued": (_MINT.signed(_HEADER, {k: v for k, v in _CLAIMS.items() if k != "iat"}), "TB8870"),
    "expiry as text": (_claims(exp=str(NOW + 300)), "TB8870"),
    "expiry with a fraction": (_claims(exp=NOW + 0.5), "TB8870"),
    "expiry a truth value": (_claims(exp=True), "TB8870"),
    "expiry beyond time": (_claims(exp=10**30), "TB8870"),
    "signed by another key": (_MINT.signed(_HEADER, _CLAIMS, "three"), "TB8872"),
    "another's claims": (_swapped(), "TB8872"),
    "a signature of nothing": (join(_HEADER, _CLAIMS, bytes(64)), "TB8872"),
    "a short signature": (join(_HEADER, _CLAIMS, bytes(10)), "TB8872"),
    "another's key of that kid": (Mint(kinds={"one": "EdDSA"}).signed(_HEADER, _CLAIMS), "TB8872"),
    "another audience": (_claims(aud="sts.amazonaws.com"), "TB8873"),
    "a prefix of the audience": (_claims(aud=f"twinbuild:{_RELEASE}"), "TB8873"),
    "another organisation's audience": (_claims(aud=f"other:{_RELEASE}:production"), "TB8873"),
    "an audience that ends otherwise": (_claims(aud=f"{_AUDIENCE}\\n"), "TB8873"),
    "an audience with an upper-case digest": (_claims(aud=_AUDIENCE.replace("a" * 64, "A" * 64)), "TB8873"),
    "two audiences": (_claims(aud=[_AUDIENCE, "vault"]), "TB8873"),
    "no audiences": (_claims(aud=[]), "TB8873"),
    "an audience twice": (_claims(aud=[_AUDIENCE, _AUDIENCE]), "TB8873"),
    "an audience that is no text": (_claims(aud=[1]), "TB8870"),
}


@pytest.mark.parametrize("what", _HOSTILE)
def test_hostile(what: str) -> None:
    """Each is refused with its code, and no text of a token is in a message."""
    content, code = _HOSTILE[what]
    with pytest.raises(PolicyRefused) as raised:
        opened_token(content, _root(), name="the token")
    (finding,) = raised.value.findings
    assert (finding.code, "eyJ" in finding.message + finding.hint) == (code, False)


def test_confused() -> None:
    """HS256 with a public key as the secret, in any of its spellings, is not verified at all."""
    pem = next(key for key in _root().issuers[0].keys if key.kid == "two").pem
    for secret in (pem.encode(), pem.strip().encode(), decode_url64(_MINT.jwk("two")["n"]) or b""):
        with pytest.raises(PolicyRefused) as raised:
            opened_token(_MINT.shared(_AUDIENCE, secret), _root(), name="the token")
        assert raised.value.findings[0].code == "TB8870"


@pytest.mark.parametrize(
    ("claims", "header"),
    [
        ({"iss": f"{URL}/"}, {}),
        ({"iss": "http://tokens.example"}, {}),
        ({"iss": URL.upper()}, {}),
        ({}, {"kid": "nine"}),
    ],
)
def test_unknown(claims: dict[str, Any], header: dict[str, Any]) -> None:
    """An issuer that is spelled otherwise, or a key that is not pinned, is nobody's."""
    token = _MINT.token(_AUDIENCE, header=header, **claims)
    assert opened_token(token, _root(), name="the token") is None


@pytest.mark.parametrize("kid", _MINT.kinds)
def test_opened(kid: str) -> None:
    """Of each algorithm; an audience in a list of one is the same."""
    for audience in (_AUDIENCE, [_AUDIENCE]):
        opened = opened_token(_MINT.token(audience, kid=kid), _root(), name="the token")
        assert opened is not None
        assert (opened.release, opened.stage, opened.key.kid) == (_RELEASE, "production", kid)
        assert audience_for(opened.issuer, _RELEASE, "production") == _AUDIENCE
        assert "grace" not in repr(opened.token)


@pytest.mark.parametrize(
    ("more", "at", "why"),
    [
        ({}, NOW - 61, "is not valid before"),
        ({}, NOW - 60, ""),
        ({"nbf": NOW + 100}, NOW, "is not valid before"),
        ({"nbf": NOW - 600}, NOW, ""),
        ({}, NOW + 299, ""),
        ({}, NOW + 300, "has expired"),
        ({"exp": NOW + 3600}, NOW, ""),
        ({"exp": NOW + 3601}, NOW, "lives 3601 seconds"),
        ({"exp": NOW}, NOW - 1, "lives 0 seconds"),
        ({"exp": NOW - 1}, NOW, "lives -1 seconds"),
    ],
)
def test_times(more: dict[str, int], at: int, why: str) -> None:
    """A clock may be a minute ahead; what lives longer than an hour is no proof of one act."""
    found = _judge(_claims(**more), at=at)
    assert found.objection.startswith(why) if why else found.objection == ""


def test_whose() -> None:
    """By all claims exactly: another case, a beginning, a truth value as text and a list are others."""
    root = with_identity(_root(), "ada", "ci", (("sub", "x"), ("ref", "main"), ("ok", "true")), since=NOW - 400)
    claims = {"sub": "x", "ref": "main", "ok": "true"}
    assert [each.who for each in _judge(_claims(**claims), root=root).identities] == ["ada"]
    for wrong in ({"ref": "Main"}, {"ref": "main2"}, {"ref": ["main"]}, {"ok": True}, {"sub": "X"}):
        assert _judge(_claims(**{**claims, **wrong}), root=root).identities == ()


def test_issuers() -> None:
    """The same claims by another pinned issuer are nobody's, or another person's."""
    other = Mint(url="https://other.example")
    root = with_issuer(_root(), pinned(other, name="other", now=NOW - 400), now=NOW - 400)
    token = other.token(_AUDIENCE)
    assert _judge(token, root=root).identities == ()
    root = with_identity(root, "zoe", "other", (("sub", "grace"),), since=NOW - 400)
    assert [each.who for each in _judge(token, root=root).identities] == ["zoe"]
    assert [each.who for each in _judge(_MINT.token(_AUDIENCE), root=root).identities] == ["grace"]


def test_several() -> None:
    """Of one person with two identities, both; of two people, nobody - unless one of them has expired."""
    root = with_identity(_root(), "grace", "ci", (("sub", "grace"), ("ref", "main")), since=NOW - 400)
    assert len(_judge(_claims(ref="main"), root=root).identities) == 2
    root = with_identity(root, "zoe", "ci", (("sub", "grace"), ("ref", "x")), since=NOW - 400)
    found = _judge(_claims(ref="x"), root=root)
    assert (found.identities, found.objection) == ((), "is that of several people: grace, zoe")
    gone = tuple(replace(each, until=NOW) if each.who == "zoe" else each for each in root.identities)
    assert _judge(_claims(ref="x"), root=replace(root, identities=gone)).objection == ""


def _without(root: TrustRoot, who: str) -> TrustRoot:
    identities = tuple(
        replace(each, revoked=Revocation(at=NOW, reason="stolen")) if each.who == who else each
        for each in root.identities
    )
    return replace(root, identities=identities)


def test_revoked() -> None:
    """A token of a revoked identity is not another one's, of whomever, but for one that was narrowed."""
    for other in ("zoe", "ada"):
        root = _without(with_identity(_root(), "zoe", "ci", (("ref", "x"), ("sub", "grace")), since=NOW - 400), "zoe")
        root = with_identity(root, other, "ci", (("email", "a@example.com"),), since=NOW - 400)
        token = _claims(ref="x", email="a@example.com", email_verified=True)
        found = _judge(token, root=root)
        assert [each.who for each in found.identities] == ["zoe"]
        assert "was revoked (stolen)" in found.objection
        assert _judge(token, root=root, at=NOW - 1).objection != found.objection
        assert _judge(_claims(), root=root).objection == ""
    root = _without(_root(), "grace")
    root = with_identity(root, "zoe", "ci", (("ref", "x"), ("sub", "grace")), since=NOW - 400)
    assert [each.who for each in _judge(_claims(ref="x"), root=root).identities] == ["zoe"]
    assert _judge(_claims(ref="x"), root=root).objection == ""
    assert "was revoked" in _judge(_claims(ref="y"), root=root).objection


def test_addresses() -> None:
    """An address of mail counts where the issuer has verified it, and says so by a truth value."""
    root = with_identity(_root(), "ada", "ci", (("email", "ada@example.com"),), since=NOW - 400)
    for more, fine in (({}, False), ({"email_verified": "true"}, False), ({"email_verified": True}, True)):
        found = _judge(_claims(sub="1", email="ada@example.com", **more), root=root)
        assert (found.objection == "") is fine


def test_rfc() -> None:
    """The examples of RFC 7515 (A.2, A.3) and RFC 8037 (A.4) verify, with keys and signatures as they stand there."""
    payload = b"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    examples = [
        (
            {
                "kty": "RSA",
                "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL"
                "-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-"
                "KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h"
                "9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
                "e": "AQAB",
            },
            b"eyJhbGciOiJSUzI1NiJ9." + payload,
            (
                "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9"
                "CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOL"
                "n6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtV"
                "rBp0igcN_IoypGlUPQGe77Rw"
            ),
        ),
        (
            {
                "kty": "EC",
                "crv": "P-256",
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            },
            b"eyJhbGciOiJFUzI1NiJ9." + payload,
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ),
        (
            {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
            b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        ),
    ]
    for jwk, message, signature in examples:
        (numbers,) = decode_key_set(json.dumps({"keys": [{**jwk, "kid": "k"}]}).encode(), name="rfc").keys
        key = IssuerKey(kid="k", algorithm=numbers.algorithm, pem=pem_of(numbers, name="rfc"), since=0)
        stated = decode_url64(signature)
        assert stated is not None
        assert verifies(key, message, stated)
        assert not verifies(key, message + b"x", stated)
        assert not verifies(key, message, b"\x00" + stated)
        assert encode_url64(stated) == signature
