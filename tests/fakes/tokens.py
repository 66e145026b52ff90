"""An issuer of OpenID Connect tokens, as far as a token and a key set go: keys of each kind, and what they sign."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from fakes.governed import NOW, Organisation
from twinbuild.codec.tokens.keyset import decode_key_set
from twinbuild.codec.tokens.url64 import encode_url64
from twinbuild.govern.rootedits import with_role
from twinbuild.govern.tokens.edits import Pinned, with_identity, with_issuer
from twinbuild.govern.tokens.issuerkeys import pem_of
from twinbuild.model.issuers import IssuerKey
from twinbuild.model.trust import TrustRoot

__all__ = ["URL", "Mint", "join", "part", "pinned", "trusting"]

URL: Final = "https://tokens.example"
_SHA: Final = hashes.SHA256()


@cache
def _key(kind: str) -> Any:
    """One key of each kind for all tests: those of RSA take long."""
    match kind:
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case "EdDSA":
            return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=1024 if kind == "weak" else 2048)


def _number(value: int, size: int | None = None) -> str:
    return encode_url64(value.to_bytes(size or (value.bit_length() + 7) // 8))


def part(value: object) -> str:
    """A part of a token: text as it is, anything else as JSON."""
    text = (
        value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else json.dumps(value).encode()
    )
    return encode_url64(text)


def join(header: object, claims: object, signature: bytes) -> bytes:
    """The compact form."""
    return f"{part(header)}.{part(claims)}.{encode_url64(signature)}".encode()


@dataclass(frozen=True, kw_only=True)
class Mint:
    """Who issues tokens: ``kinds`` of its keys by kid."""

    url: str = URL
    kinds: dict[str, str] = field(default_factory=lambda: {"one": "ES256", "two": "RS256", "three": "EdDSA"})

    def jwk(self, kid: str) -> dict[str, Any]:
        """The public key as a key set has it."""
        public = _key(self.kinds[kid]).public_key()
        match public:
            case rsa.RSAPublicKey():
                numbers = public.public_numbers()
                return {"kty": "RSA", "kid": kid, "use": "sig", "n": _number(numbers.n), "e": _number(numbers.e)}
            case ec.EllipticCurvePublicKey():
                point = public.public_numbers()
                place = {"x": _number(point.x, 32), "y": _number(point.y, 32)}
                return {"kty": "EC", "crv": "P-256", "kid": kid, "alg": "ES256", **place}
        return {"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": encode_url64(public.public_bytes_raw())}

    @property
    def jwks(self) -> bytes:
        """The key set."""
        return json.dumps({"keys": [self.jwk(kid) for kid in self.kinds]}).encode()

    def sign(self, kid: str, message: bytes) -> bytes:
        """A signature as JWS has it."""
        key = _key(self.kinds[kid])
        match key:
            case rsa.RSAPrivateKey():
                return key.sign(message, padding.PKCS1v15(), _SHA)
            case ec.EllipticCurvePrivateKey():
                r, s = decode_dss_signature(key.sign(message, ec.ECDSA(_SHA)))
                return r.to_bytes(32) + s.to_bytes(32)
        return key.sign(message)

    def signed(self, header: object, claims: object, kid: str = "one") -> bytes:
        """A token of any header and claims, whatever they are."""
        text = f"{part(header)}.{part(claims)}".encode()
        return text + b"." + encode_url64(self.sign(kid, text)).encode()

    def token(self, audience: object, *, kid: str = "one", header: Any = (), now: int = NOW, **claims: Any) -> bytes:
        """A token of five minutes for an audience; ``claims`` of None are left out."""
        algorithm = self.kinds[kid] if self.kinds[kid] != "weak" else "RS256"
        stated = {"alg": algorithm, "kid": kid, "typ": "JWT", **dict(header)}
        said = {"iss": self.url, "aud": audience, "sub": "grace", "iat": now, "nbf": now, "exp": now + 300, **claims}
        return self.signed(stated, {key: value for key, value in said.items() if value is not None}, kid)

    def shared(self, audience: str, secret: bytes, *, now: int = NOW) -> bytes:
        """A token by HS256, whose secret is a text that everybody has."""
        claims = {"iss": self.url, "aud": audience, "sub": "grace", "iat": now, "exp": now + 300}
        text = f"{part({'alg': 'HS256', 'kid': 'two', 'typ': 'JWT'})}.{part(claims)}".encode()
        made = hmac.HMAC(secret, _SHA)
        made.update(text)
        return text + b"." + encode_url64(made.finalize()).encode()


def pinned(mint: Mint, *, name: str = "ci", now: int = NOW - 40) -> Pinned:
    """The issuer, to be pinned."""
    keys = decode_key_set(mint.jwks, name="jwks.json").keys
    return Pinned(
        name=name,
        url=mint.url,
        audience="twinbuild",
        keys=tuple(
            IssuerKey(kid=each.kid, algorithm=each.algorithm, pem=pem_of(each, name="jwks.json"), since=now)
            for each in keys
        ),
    )


def trusting(ours: Organisation, mint: Mint, *, now: int = NOW - 40) -> None:
    """Pin an issuer whose subject grace is grace, and zoe is zoe; both approve, as ada still does."""

    def edit(root: TrustRoot) -> TrustRoot:
        root = with_issuer(root, pinned(mint, now=now), now=now)
        for who in ("grace", "zoe"):
            root = with_identity(root, who, "ci", (("sub", who),), since=now)
        return with_role(root, "approver", ("ada", "grace", "zoe"), 1)

    ours.change(edit, now=now)
