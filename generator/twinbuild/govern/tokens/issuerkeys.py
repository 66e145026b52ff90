"""Keys of issuers: RSA (RS256), ECDSA on P-256 (ES256) and Ed25519 (EdDSA), as PEM of SubjectPublicKeyInfo.

Which algorithm a signature is of says the pinned key alone, never the token (RFC 8725, 3.1): a token's ``alg`` can but
agree. The arithmetic is that of the library ``cryptography``. No library of tokens is used, since what those add (keys
from the network, algorithms by name, shared secrets, claims) is just what is not to be had here.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from twinbuild.codec.tokens.keyset import PublicNumbers
from twinbuild.errors import Location, PolicyRefused, UsageError
from twinbuild.govern.keys import is_weak
from twinbuild.model.issuers import IssuerKey

__all__ = ["check_key", "pem_of", "verifies"]

_HASH: Final = hashes.SHA256()
_Key = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


def pem_of(key: PublicNumbers, *, name: str) -> str:
    """The key as PEM. Raises UsageError TB8876 for numbers that are no key, or one by which everybody signs."""
    try:
        return _pem(_built(key))
    except ValueError:
        hint = "take the key set from the issuer again"
        message = f"{name} is no key set to be pinned: the numbers of {key.kid!r} are no key"
        raise UsageError.of("TB8876", message, hint=hint, where=Location(file=name)) from None


def _built(key: PublicNumbers) -> _Key:
    match key.algorithm:
        case "RS256":
            modulus, exponent = (int.from_bytes(each) for each in key.numbers)
            return rsa.RSAPublicNumbers(exponent, modulus).public_key()
        case "ES256":
            x, y = (int.from_bytes(each) for each in key.numbers)
            return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        case "EdDSA":
            if is_weak(key.numbers[0]):
                raise ValueError
            return ed25519.Ed25519PublicKey.from_public_bytes(key.numbers[0])


def _pem(key: _Key) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def _loaded(key: IssuerKey) -> _Key | None:
    """The key, if it is one of its algorithm, strong enough, and in the one spelling."""
    try:
        found = load_pem_public_key(key.pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    match key.algorithm, found:
        case "RS256", rsa.RSAPublicKey():
            fine = 2048 <= found.key_size <= 8192 and found.public_numbers().e >= 65537
        case "ES256", ec.EllipticCurvePublicKey():
            fine = isinstance(found.curve, ec.SECP256R1)
        case "EdDSA", ed25519.Ed25519PublicKey():
            fine = not is_weak(found.public_bytes(Encoding.Raw, PublicFormat.Raw))
        case _:
            return None
    return found if fine and _pem(found) == key.pem else None


def check_key(key: IssuerKey, *, name: str) -> None:
    """Let a pinned key pass that is one. Raises PolicyRefused TB8801."""
    if _loaded(key) is None:
        raise PolicyRefused.of(
            "TB8801",
            f"{name}: the issuer's key {key.kid!r} is no key for {key.algorithm}, is weak, or is written otherwise",
            hint="take the trust root from whom you trust again",
            where=Location(file=name),
        )


def verifies(key: IssuerKey, message: bytes, signature: bytes) -> bool:
    """Whether the issuer signed the message with this key (RFC 7518, 3.3 and 3.4; RFC 8037, 3.1)."""
    found = _loaded(key)
    try:
        match found:
            case rsa.RSAPublicKey():
                if len(signature) != (found.key_size + 7) // 8:
                    return False
                found.verify(signature, message, padding.PKCS1v15(), _HASH)
            case ec.EllipticCurvePublicKey():
                if len(signature) != 64:
                    return False
                r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
                found.verify(encode_dss_signature(r, s), message, ec.ECDSA(_HASH))
            case ed25519.Ed25519PublicKey():
                found.verify(signature, message)
            case _:
                return False
    except InvalidSignature:
        return False
    return True
