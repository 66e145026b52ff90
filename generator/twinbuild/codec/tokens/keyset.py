"""A JSON Web Key Set (RFC 7517) of an issuer, as a file: the public keys in it that a token may be signed with.

A file with a private part, with a ``kid`` twice or with a weak key is refused whole: it is not one to be pinned. What
is for encryption, or of a kind or algorithm that is not taken, is left out and named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.codec.tokens.url64 import decode_url64
from twinbuild.errors import Location, UsageError
from twinbuild.model.issuers import Algorithm

__all__ = ["LARGEST_SET", "KeySet", "PublicNumbers", "decode_key_set"]

LARGEST_SET: Final = 256 << 10  # bytes
_MOST: Final = 100  # keys
_LONGEST: Final = 200  # characters of a kid
_PRIVATE: Final = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_TAKEN: Final[dict[tuple[str, str], Algorithm]] = {
    ("RSA", ""): "RS256",
    ("EC", "P-256"): "ES256",
    ("OKP", "Ed25519"): "EdDSA",
}
_NUMBERS: Final = {"RS256": ("n", "e"), "ES256": ("x", "y"), "EdDSA": ("x",)}
_BITS: Final = range(2048, 8193)  # of RSA; NIST SP 800-131A, and what can be verified in no time


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicNumbers:
    """A key as the set has it: ``numbers`` are n and e (RS256), x and y (ES256), or x (EdDSA), as bytes."""

    kid: str
    algorithm: Algorithm
    numbers: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySet:
    """The keys, sorted by ``kid``, and why others were left out."""

    keys: tuple[PublicNumbers, ...]
    left: tuple[str, ...]


def decode_key_set(content: bytes, *, name: str) -> KeySet:
    """The key set of these bytes. Raises UsageError TB8876 for one that is none, or is not to be pinned."""
    if len(content) > LARGEST_SET:
        raise _refused(name, f"it has more than {LARGEST_SET} bytes")
    try:
        value, _ = parse_json(name, content)
    except JsonProblem as problem:
        raise _refused(name, problem.message) from None
    listed = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(listed, list) or not 1 <= len(listed) <= _MOST:
        raise _refused(name, f"expected an object with 'keys', a list of 1 to {_MOST}")
    found: dict[str, PublicNumbers] = {}
    seen: set[str] = set()
    left = []
    for index, each in enumerate(listed):
        if not isinstance(each, dict) or any(key in each for key in _PRIVATE) or each.get("kty") == "oct":
            raise _refused(name, f"key {index + 1} has a private part, is a shared secret, or is none")
        kid = _kid(each, index, name)
        if kid in seen:
            raise _refused(name, f"two keys have the kid {kid!r}")
        seen.add(kid)
        if why := _why_left(each):
            left.append(f"{kid}: {why}")
        else:
            found[kid] = _numbers(each, kid, name)
    if not found:
        raise _refused(name, f"none of its keys is taken ({'; '.join(left)[:300]})")
    return KeySet(keys=tuple(found[kid] for kid in sorted(found)), left=tuple(left))


def _kid(key: dict[str, Json], index: int, name: str) -> str:
    kid = key.get("kid")
    if not isinstance(kid, str) or not kid.isprintable() or not 1 <= len(kid) <= _LONGEST:
        raise _refused(name, f"key {index + 1} has no kid, by which a token names it, or one that is no plain text")
    return kid


def _why_left(key: dict[str, Json]) -> str:
    algorithm = _TAKEN.get((str(key.get("kty")), "" if key.get("kty") == "RSA" else str(key.get("crv"))))
    if key.get("use", "sig") != "sig" or ("key_ops" in key and key["key_ops"] != ["verify"]):
        return "not for signatures"
    if algorithm is None or key.get("alg", algorithm) != algorithm:
        return "of another kind than RS256, ES256 (P-256) and EdDSA (Ed25519)"
    return ""


def _numbers(key: dict[str, Json], kid: str, name: str) -> PublicNumbers:
    algorithm = _TAKEN[(str(key["kty"]), "" if key["kty"] == "RSA" else str(key["crv"]))]
    numbers = tuple(decode_url64(key.get(each)) for each in _NUMBERS[algorithm])
    fine = tuple(each for each in numbers if each)
    if len(fine) != len(numbers) or (algorithm != "RS256" and any(len(each) != 32 for each in fine)):
        raise _refused(name, f"the numbers of the key {kid!r} are not there, or not in base64url of their length")
    if algorithm == "RS256":
        modulus, exponent = (int.from_bytes(each) for each in fine)
        if modulus.bit_length() not in _BITS or not 65537 <= exponent < 1 << 32 or not exponent % 2 or not modulus % 2:
            bits = modulus.bit_length()
            raise _refused(name, f"the RSA key {kid!r} has {bits} bits and the exponent {exponent}, which is weak")
    return PublicNumbers(kid=kid, algorithm=algorithm, numbers=fine)


def _refused(name: str, why: str) -> UsageError:
    return UsageError.of(
        "TB8876",
        f"{name} is no key set to be pinned: {why}",
        hint="take the one that the issuer's `jwks_uri` gives, of its /.well-known/openid-configuration",
        where=Location(file=name),
    )
