"""``pipeline.weights.signature``: what is signed of the weights, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.signed import WEIGHTS, SignedDist, signed, signed_once
from twinbuild.codec.dsse import IN_TOTO, pae
from twinbuild.codec.modelsignature import ModelSignature, decode_model_signature, encode_model_signature
from twinbuild.describe.modelsigning import signed_files
from twinbuild.errors import IntegrityError, PolicyRefused, TwinbuildError
from twinbuild.govern.keys import PublicKey, read_private, read_public
from twinbuild.govern.signer import KeySigner
from twinbuild.model.digest import Digest
from twinbuild.pipeline.reading.released import read_release
from twinbuild.pipeline.vouching import verify_release
from twinbuild.pipeline.weights.signature import check_weights, sign_weights

__all__ = ["signed", "signed_once"]


def _key(signed: SignedDist, name: str) -> PublicKey:
    return read_public(Path(f"{getattr(signed, name)}.pub").read_bytes(), name=name)


def _bundle(signed: SignedDist) -> Path:
    return signed.dist / "signatures" / f"model.{_key(signed, 'ada').keyid}.sig"


def _check(signed: SignedDist, *names: str) -> None:
    keys = {each.keyid: each for each in (_key(signed, name) for name in names)}
    check_weights(signed.dist, read_release(signed.dist), keys)


def _resigned(signed: SignedDist, who: str, change: Callable[[str], str]) -> None:
    """Have another text in the bundle, signed by somebody."""
    before = decode_model_signature(_bundle(signed).read_bytes(), name="x")
    payload = change(before.payload.decode()).encode()
    key = read_private(getattr(signed, who).read_bytes(), name=who, passphrase=None)
    sig = key.sign(pae(IN_TOTO, payload))
    after = ModelSignature(payload=payload, hint=before.hint, keyid=before.keyid, sig=sig)
    _bundle(signed).write_bytes(encode_model_signature(after))


def test_signed(signed: SignedDist) -> None:
    """By the key of ECDSA alone; every file of the model with its digest, and `verify-release` holds it."""
    assert [path.name for path in (signed.dist / "signatures").glob("model.*")] == [_bundle(signed).name]
    signature = decode_model_signature(_bundle(signed).read_bytes(), name="x")
    expected = {path.removeprefix("/models/"): Digest.of(content).hex for path, content in WEIGHTS.items()}
    assert signed_files(signature.payload) == expected
    _check(signed, "ada", "grace")
    release = read_release(signed.dist)
    for name in ("grace", "ada"):
        signer = KeySigner(read_private(getattr(signed, name).read_bytes(), name=name, passphrase=None))
        assert sign_weights(release, signer) == (_bundle(signed).read_bytes() if name == "ada" else None)


def test_another_key(signed: SignedDist) -> None:
    """A signature by eve in the name of ada; whom nobody asked about is passed over."""
    _resigned(signed, "eve", lambda text: text)
    _check(signed, "grace")
    with pytest.raises(PolicyRefused) as caught:
        verify_release(read_release(signed.dist), (_key(signed, "ada"),))
    assert caught.value.findings[0].code == "TB8617"


def test_another_hint(signed: SignedDist) -> None:
    """A bundle that calls the key otherwise, which model-signing would refuse, is refused here, too."""
    document = json.loads(_bundle(signed).read_bytes())
    document["verificationMaterial"]["publicKey"]["hint"] = "0" * 64
    _bundle(signed).write_text(json.dumps(document))
    with pytest.raises(PolicyRefused):
        _check(signed, "ada")


def test_other_files(signed: SignedDist) -> None:
    """Signed by the right key, of other files: each is named, with what was signed."""
    _resigned(signed, "ada", lambda text: text.replace('"head.bin"', '"tail.bin"'))
    with pytest.raises(IntegrityError) as caught:
        verify_release(read_release(signed.dist), (_key(signed, "ada"),))
    said = [(each.code, each.message.partition(": ")[2]) for each in caught.value.findings]
    digest = Digest.of(WEIGHTS["/models/head.bin"])
    assert said == [
        ("TB8661", f"head.bin: nothing of that name was signed, the release has {digest}"),
        ("TB8661", f"tail.bin: {digest} was signed, the release has nothing of that name"),
    ]


def test_no_statement_of_files(signed: SignedDist) -> None:
    """Signed by the right key, of something else."""
    _resigned(signed, "ada", lambda text: text.replace("Statement/v1", "Statement/v0.1"))
    with pytest.raises(IntegrityError):
        _check(signed, "ada")


@pytest.mark.parametrize("place", ["a link", "a directory", "other text"])
def test_no_bundle(signed: SignedDist, tmp_path: Path, place: str) -> None:
    """Anything but a file with a bundle."""
    shutil.move(_bundle(signed), tmp_path / "elsewhere")
    if place == "a link":
        _bundle(signed).symlink_to(tmp_path / "elsewhere")
    elif place == "a directory":
        _bundle(signed).mkdir()
    else:
        _bundle(signed).write_bytes(b"{}")
    with pytest.raises(TwinbuildError) as caught:
        _check(signed, "ada")
    assert caught.value.exit_code == 8
