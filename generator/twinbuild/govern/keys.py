"""Keys: Ed25519 (RFC 8032) and ECDSA on P-256 with SHA-256 (FIPS 186-5), as PEM, with the key ids of securesystemslib.

ECDSA signs deterministically (RFC 6979), so that no signature depends on the quality of random numbers. The arithmetic
is that of the library ``cryptography``; here is which keys are taken, and what they are called.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from twinbuild.errors import Location, UsageError

__all__ = [
    "Kind",
    "PrivateKey",
    "PublicKey",
    "is_encrypted",
    "is_weak",
    "new_key",
    "read_private",
    "read_public",
    "within_reach",
]

Kind = Literal["ecdsa", "ed25519"]
_HASH: Final = hashes.SHA256()
_BEGIN: Final = re.compile(rb"-----BEGIN (ENCRYPTED |EC |)PRIVATE KEY-----")
_OLDER: Final = re.compile(rb"\s*Proc-Type: 4,ENCRYPTED")
_P: Final = 2**255 - 19
_SMALL: Final = frozenset(  # y of the eight points of order 1, 2, 4 and 8
    {
        0,
        1,
        _P - 1,
        0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
        0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
    }
)
_TAKEN: Final = "give an Ed25519 or ECDSA P-256 key in PEM; `twinbuild key new` makes one"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key that verifies; ``pem`` is its SubjectPublicKeyInfo (RFC 7468, 13), which is the same for the same key."""

    kind: Kind
    pem: bytes

    @property
    def keyid(self) -> str:
        """SHA-256 of the key as securesystemslib writes it: 64 hexadecimal digits."""
        text = self.pem.decode("ascii")
        if self.kind == "ed25519":
            key = load_pem_public_key(self.pem)
            assert isinstance(key, ed25519.Ed25519PublicKey)
            text = key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        scheme = {"ed25519": "ed25519", "ecdsa": "ecdsa-sha2-nistp256"}[self.kind]
        # Sorted keys without white space; of characters only " and \\ are escaped, and none is there (OLPC's form).
        described = f'{{"keytype":"{self.kind}","keyval":{{"public":"{text}"}},"scheme":"{scheme}"}}'
        return hashlib.sha256(described.encode()).hexdigest()

    @property
    def encoded(self) -> bytes:
        """The 32 bytes of an Ed25519 key (RFC 8032), or the DER of an ECDSA key's SubjectPublicKeyInfo."""
        key = load_pem_public_key(self.pem)
        if isinstance(key, ed25519.Ed25519PublicKey):
            return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether the key's owner signed the message."""
        key = load_pem_public_key(self.pem)
        try:
            if isinstance(key, ed25519.Ed25519PublicKey):
                key.verify(signature, message)
            else:
                assert isinstance(key, ec.EllipticCurvePublicKey)
                key.verify(signature, message, ec.ECDSA(_HASH))
        except InvalidSignature:
            return False
        return True


class PrivateKey:
    """A key that signs. It is shown nowhere: not by ``repr``, not by an error."""

    def __init__(self, key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> None:
        self._key = key

    @property
    def public(self) -> PublicKey:
        """Its public half."""
        return _public(self._key.public_key())

    def sign(self, message: bytes) -> bytes:
        """The signature: 64 bytes of Ed25519, or the DER of an ECDSA-Sig-Value (RFC 3279, 2.2.3)."""
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(message)
        return self._key.sign(message, ec.ECDSA(_HASH, deterministic_signing=True))

    def pem(self, passphrase: bytes | None) -> bytes:
        """PKCS #8, encrypted where there is a passphrase."""
        encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def new_key(kind: Kind) -> PrivateKey:
    """A new key, from the system's random numbers."""
    if kind == "ed25519":
        return PrivateKey(ed25519.Ed25519PrivateKey.generate())
    return PrivateKey(ec.generate_private_key(ec.SECP256R1()))


def is_encrypted(content: bytes) -> bool:
    """Whether the first key of a PEM text is encrypted: of PKCS #8 (RFC 7468, 11), or in openssl's older form."""
    begin = _BEGIN.search(content)
    return begin is not None and (begin[1] == b"ENCRYPTED " or _OLDER.match(content, begin.end()) is not None)


def read_public(content: bytes, *, name: str) -> PublicKey:
    """The public key of a PEM file. Raises UsageError TB8613."""
    if b"PRIVATE KEY" in content:
        raise _refused(name, "is a private key, where a public one is meant", "give the public half: NAME.pub")
    if content.count(b"-----BEGIN") > 1:
        raise _refused(name, "holds more than one key", "put each key into a file of its own")
    try:
        return _public(load_pem_public_key(content))
    except (ValueError, UnsupportedAlgorithm, TypeError) as error:
        raise _refused(name, f"is no public key that is taken: {_short(error)}", _TAKEN) from None


def read_private(content: bytes, *, name: str, passphrase: bytes | None) -> PrivateKey:
    """The private key of a PEM file. Raises UsageError TB8613, TB8614 for a passphrase that is missing or wrong."""
    if b"PUBLIC KEY" in content and b"PRIVATE KEY" not in content:
        raise _refused(name, "is a public key, where a private one is meant", "give the private half: NAME of NAME.pub")
    encrypted = is_encrypted(content)
    try:
        key = load_pem_private_key(content, passphrase if encrypted else None)
    except TypeError:
        raise UsageError.of(
            "TB8614",
            f"{name} is encrypted, and no passphrase was given",
            hint="set TWINBUILD_KEY_PASSPHRASE, or run it at a terminal",
            where=Location(file=name),
        ) from None
    except (ValueError, UnsupportedAlgorithm) as error:
        if encrypted:
            raise UsageError.of(
                "TB8614",
                f"{name} cannot be decrypted: the passphrase is wrong, or the file is damaged",
                hint="give the passphrase that it was made with",
                where=Location(file=name),
            ) from None
        raise _refused(name, f"is no private key that is taken: {_short(error)}", _TAKEN) from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return PrivateKey(key)
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return PrivateKey(key)
    raise _refused(name, f"is a key of another kind: {type(key).__name__}", _TAKEN)


def within_reach(keys: tuple[PublicKey, ...], threshold: int) -> dict[str, PublicKey]:
    """The keys by their ids. Raises UsageError TB8001 for a threshold that so many different ones can't reach."""
    known = {key.keyid: key for key in keys}
    if not 1 <= threshold <= len(known):
        raise UsageError.of(
            "TB8001",
            f"got a threshold of {threshold} and {len(known)} different keys",
            hint="give each key once, and a threshold that they can reach",
            where="--threshold",
        )
    return known


def _public(key: object) -> PublicKey:
    if isinstance(key, ed25519.Ed25519PublicKey):
        if is_weak(key.public_bytes(Encoding.Raw, PublicFormat.Raw)):
            raise ValueError(
                "everybody can sign for this key: its point is of small order, or not written as it must be"
            )
        return PublicKey(kind="ed25519", pem=_spki(key))
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return PublicKey(kind="ecdsa", pem=_spki(key))
    raise ValueError(f"a key of another kind: {type(key).__name__}")


def is_weak(raw: bytes) -> bool:
    """Whether a point is of small order (signatures under it say nothing), or y is not reduced (RFC 8032, 5.1.3)."""
    y = int.from_bytes(raw, "little") & ((1 << 255) - 1)
    return y >= _P or y in _SMALL


def _spki(key: ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _short(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]


def _refused(name: str, why: str, hint: str) -> UsageError:
    return UsageError.of("TB8613", f"{name} {why}", hint=hint, where=Location(file=name))
