"""``govern.keys``: keys of both kinds sign and verify; their ids are securesystemslib's; everything else is refused."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from securesystemslib.signer import SSlibKey

from twinbuild.errors import UsageError
from twinbuild.govern.keys import Kind, is_encrypted, new_key, read_private, read_public, within_reach

KINDS: tuple[Kind, ...] = ("ecdsa", "ed25519")


@pytest.mark.parametrize("kind", KINDS)
def test_signs(kind: Kind) -> None:
    """The owner's signature of this message, and no other one; the same every time."""
    key, other = new_key(kind), new_key(kind)
    signature = key.sign(b"message")
    assert key.public.verifies(b"message", signature)
    assert not key.public.verifies(b"another", signature)
    assert not other.public.verifies(b"message", signature)
    assert not key.public.verifies(b"message", b"")
    assert not key.public.verifies(b"message", signature + b"\0")
    assert key.sign(b"message") == signature


@pytest.mark.parametrize("kind", KINDS)
def test_every_flipped_bit_of_a_signature(kind: Kind) -> None:
    """None verifies."""
    key = new_key(kind)
    signature = key.sign(b"message")
    for at in range(len(signature) * 8):
        changed = bytearray(signature)
        changed[at // 8] ^= 1 << at % 8
        assert not key.public.verifies(b"message", bytes(changed))


@pytest.mark.parametrize("kind", KINDS)
def test_key_id(kind: Kind) -> None:
    """As securesystemslib computes it, by whatever PEM the key was written."""
    key = new_key(kind).public
    assert key.keyid == SSlibKey.from_crypto(load_pem_public_key(key.pem)).keyid
    assert read_public(b"a comment\n" + key.pem.replace(b"\n", b"\r\n"), name="k.pub") == key


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("passphrase", [None, b"a passphrase"])
def test_there_and_back(kind: Kind, passphrase: bytes | None) -> None:
    """A key that was written is read again; encrypted it holds nothing that could be read without."""
    key = new_key(kind)
    content = key.pem(passphrase)
    assert (b"ENCRYPTED" in content) is (passphrase is not None)
    assert read_private(content, name="k", passphrase=passphrase).public == key.public
    assert repr(key).startswith("<twinbuild")


def test_passphrases() -> None:
    """A missing one and a wrong one are told apart; neither is repeated."""
    content = new_key("ecdsa").pem(b"right")
    for passphrase, said in ((None, "no passphrase was given"), (b"wrong-one", "cannot be decrypted")):
        with pytest.raises(UsageError) as caught:
            read_private(content, name="k", passphrase=passphrase)
        assert caught.value.findings[0].code == "TB8614"
        assert said in caught.value.findings[0].message
        assert "wrong-one" not in str(caught.value)


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> tuple[bytes, bytes]:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("other", ["rsa", "p384", "nothing", "damaged"])
def test_no_key(other: str) -> None:
    """Other kinds, other curves, and no key at all: refused with what is taken."""
    private, public = {
        "rsa": lambda: _pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        "p384": lambda: _pem(ec.generate_private_key(ec.SECP384R1())),
        "nothing": lambda: (b"", b"hello"),
        "damaged": lambda: tuple(
            text.replace(b"\nM", b"\nN") for text in (new_key("ecdsa").pem(None), new_key("ecdsa").public.pem)
        ),
    }[other]()
    with pytest.raises(UsageError) as caught:
        read_private(private, name="k", passphrase=None)
    assert caught.value.findings[0].code == "TB8613"
    with pytest.raises(UsageError) as caught:
        read_public(public, name="k.pub")
    assert caught.value.findings[0].code == "TB8613"
    assert caught.value.findings[0].hint


def test_a_private_key_as_public() -> None:
    """Whoever hands it out is told what they hand out."""
    with pytest.raises(UsageError, match="is a private key, where a public one is meant"):
        read_public(new_key("ecdsa").pem(None), name="k")


@pytest.mark.parametrize(
    "command",
    [("genpkey", "-algorithm", "ed25519"), ("ecparam", "-genkey", "-noout", "-name", "prime256v1")],
    ids=["PKCS 8", "SEC 1"],
)
def test_keys_of_openssl(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Keys that openssl makes, in its own forms; openssl verifies what they sign."""
    private, public = tmp_path / "k", tmp_path / "k.pub"
    subprocess.run(["openssl", *command, "-out", private], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True, capture_output=True)
    key = read_private(private.read_bytes(), name="k", passphrase=None)
    assert key.public == read_public(public.read_bytes(), name="k.pub")
    (tmp_path / "message").write_bytes(b"message")
    (tmp_path / "sig").write_bytes(key.sign(b"message"))
    raw = ["-rawin"] if key.public.kind == "ed25519" else ["-rawin", "-digest", "sha256"]
    verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, *raw, "-in", "message", "-sigfile", "sig"]
    subprocess.run(verify, check=True, capture_output=True, cwd=tmp_path)


# y of the points of small order, whose signatures say nothing, and y that are not reduced (RFC 8032, 5.1.3).
WEAK = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]


@pytest.mark.parametrize("raw", WEAK)
def test_a_key_that_everybody_has(raw: str) -> None:
    """Refused: anybody could sign for it, and one point would be several keys."""
    der = bytes.fromhex("302a300506032b6570032100") + bytes.fromhex(raw)
    text = base64.b64encode(der).decode()
    with pytest.raises(UsageError, match="TB8613"):
        read_public(f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n".encode(), name="k.pub")


def test_two_keys_in_a_file() -> None:
    """Which of them is meant would be a guess."""
    two = new_key("ecdsa").public.pem + new_key("ecdsa").public.pem
    with pytest.raises(UsageError, match="holds more than one key"):
        read_public(two, name="k.pub")


def test_a_word_is_no_encryption() -> None:
    """A comment that speaks of it does not make a key an encrypted one; openssl's older form is one."""
    plain = new_key("ecdsa").pem(None)
    assert not is_encrypted(b"not ENCRYPTED at all\n" + plain)
    assert not is_encrypted(b"-----BEGIN ENCRYPTED PUBLIC KEY-----\n" + plain)
    assert is_encrypted(new_key("ecdsa").pem(b"a passphrase"))
    assert is_encrypted(b"-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n")
    assert not is_encrypted(b"")


def test_the_other_signature_of_ecdsa() -> None:
    """(r, n - s) is taken, as FIPS 186-5 and all peers do; another spelling of the numbers is not."""
    key = new_key("ecdsa")
    signature = key.sign(b"text")
    r, s = decode_dss_signature(signature)
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    assert key.public.verifies(b"text", encode_dss_signature(r, order - s))
    for one, other in ((r, s + order), (r + order, s), (0, s), (r, 0)):
        assert not key.public.verifies(b"text", encode_dss_signature(one, other))
    longer = bytes([signature[0], signature[1] + 1, 2, signature[3] + 1, 0]) + signature[4:]
    for spelled in (longer, signature + b"\0", bytes([signature[0], 0x81]) + signature[1:]):
        assert not key.public.verifies(b"text", spelled)


def test_a_threshold_that_keys_can_reach() -> None:
    """A key that is given twice counts once, and nobody asks for none."""
    one, other = new_key("ed25519").public, new_key("ecdsa").public
    assert within_reach((one, other, one), 2) == {one.keyid: one, other.keyid: other}
    for threshold in (0, 3):
        with pytest.raises(UsageError) as caught:
            within_reach((one, other, one), threshold)
        assert caught.value.findings[0].message == f"got a threshold of {threshold} and 2 different keys"
