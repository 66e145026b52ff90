"""Signatures as other tools see them: cosign, securesystemslib, in-toto's messages, openssl; and what they refuse."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from fakes.cosign import Cosign, cosign
from fakes.signed import SignedDist, signed, signed_once
from fakes.tool import Tool, tool
from twinbuild.describe.attestation import RELEASE

__all__ = ["cosign", "signed", "signed_once", "tool"]
ENVELOPES = {"release.dsse.json": RELEASE, "provenance.dsse.json": "slsaprovenance1"}


def _public(signed: SignedDist, name: str) -> Path:
    return Path(f"{getattr(signed, name)}.pub")


def _plain(signed: SignedDist, name: str) -> Path:
    """The file of a key's plain signature."""
    key = SSlibKey.from_crypto(load_pem_public_key(_public(signed, name).read_bytes()))
    return signed.dist / "signatures" / f"manifest.json.{key.keyid}.sig"


@pytest.mark.parametrize("name", ["ada", "grace"])
def test_cosign_takes_them(cosign: Cosign, signed: SignedDist, name: str) -> None:
    """The release manifest's plain signature, and both statements, of either kind of key."""
    key = ("--key", _public(signed, name))
    manifest = signed.dist / "manifest.json"
    assert cosign.verifies("verify-blob", *key, "--signature", _plain(signed, name), manifest)
    for envelope, kind in ENVELOPES.items():
        path = signed.dist / "signatures" / envelope
        # ada's signature is not always the first: cosign looks for one that verifies
        assert cosign.verifies("verify-blob-attestation", *key, "--type", kind, "--signature", path, manifest)
    for subject in ("sbom.cdx.json", "release.lock", "provenance.intoto.json"):
        path = signed.dist / "signatures" / "release.dsse.json"
        arguments = ("--type", RELEASE, "--signature", path, signed.dist / subject)
        assert cosign.verifies("verify-blob-attestation", *key, *arguments)


def test_cosign_refuses_them(cosign: Cosign, signed: SignedDist) -> None:
    """Another key, a changed file, a changed signature: as we do."""
    manifest = signed.dist / "manifest.json"
    envelope = signed.dist / "signatures" / "release.dsse.json"
    eve, ada = ("--key", _public(signed, "eve")), ("--key", _public(signed, "ada"))
    assert not cosign.verifies("verify-blob", *eve, "--signature", _plain(signed, "ada"), manifest)
    attested = ("--type", RELEASE, "--signature", envelope)
    assert not cosign.verifies("verify-blob-attestation", *eve, *attested, manifest)
    changed = signed.dist / "changed"
    changed.write_bytes(manifest.read_bytes() + b" ")
    assert not cosign.verifies("verify-blob", *ada, "--signature", _plain(signed, "ada"), changed)
    assert not cosign.verifies("verify-blob-attestation", *ada, *attested, changed)
    document = json.loads(envelope.read_bytes())
    document["payload"] = base64.b64encode(base64.b64decode(document["payload"]).replace(b"tiny", b"tony")).decode()
    envelope.write_text(json.dumps(document))
    assert not cosign.verifies("verify-blob-attestation", *ada, *attested, manifest)


def test_securesystemslib(signed: SignedDist) -> None:
    """Both keys vouch, by the ids that it computes itself; a third does not."""
    files = [_public(signed, name) for name in ("ada", "grace", "eve")]
    keys = [SSlibKey.from_crypto(load_pem_public_key(path.read_bytes())) for path in files]
    for name in ENVELOPES:
        document = json.loads((signed.dist / "signatures" / name).read_bytes())
        envelope = Envelope.from_dict(document)
        assert set(envelope.verify(keys, 2)) == {key.keyid for key in keys[:2]}
        with pytest.raises(VerificationError):
            envelope.verify(keys[2:], 1)
        with pytest.raises(VerificationError):
            envelope.verify(keys, 3)


def test_in_toto(signed: SignedDist) -> None:
    """The statement about the release is one by in-toto's own messages."""
    document = json.loads((signed.dist / "signatures" / "release.dsse.json").read_bytes())
    statement = json_format.Parse(base64.b64decode(document["payload"]), statement_pb2.Statement())
    Statement.copy_from_pb(statement).validate()
    assert document["payloadType"] == "application/vnd.in-toto+json"
    assert statement.predicate_type == RELEASE


def test_openssl(signed: SignedDist, tmp_path: Path) -> None:
    """Whoever has openssl alone verifies the release manifest."""
    (tmp_path / "sig").write_bytes(base64.b64decode(_plain(signed, "ada").read_bytes()))
    verify = ["openssl", "dgst", "-sha256", "-verify", str(_public(signed, "ada")), "-signature", "sig"]
    for content, status in ((b"", 0), (b" ", 1)):
        (tmp_path / "manifest").write_bytes((signed.dist / "manifest.json").read_bytes() + content)
        ended = subprocess.run([*verify, "manifest"], cwd=tmp_path, capture_output=True, check=False)
        assert ended.returncode == status


def test_made_by_others(tool: Tool, signed: SignedDist, tmp_path: Path) -> None:
    """An envelope that securesystemslib signed, with a key that openssl made, is one to us."""
    from securesystemslib.signer import CryptoSigner

    key = tmp_path / "k"
    subprocess.run(
        ["openssl", "ecparam", "-genkey", "-noout", "-name", "prime256v1", "-out", key], check=True, capture_output=True
    )
    subprocess.run(["openssl", "ec", "-in", key, "-pubout", "-out", f"{key}.pub"], check=True, capture_output=True)
    public = SSlibKey.from_crypto(load_pem_public_key(Path(f"{key}.pub").read_bytes()))
    pkcs8 = subprocess.run(["openssl", "pkcs8", "-topk8", "-nocrypt", "-in", key], check=True, capture_output=True)
    (tmp_path / "k8").write_bytes(pkcs8.stdout)
    signer = CryptoSigner.from_priv_key_uri(f"file2:{tmp_path / 'k8'}", public, None)
    path = signed.dist / "signatures" / "release.dsse.json"
    envelope = Envelope.from_dict(json.loads(path.read_bytes()))
    envelope.signatures.clear()
    envelope.sign(signer)
    shutil.copy(path, tmp_path / "before")
    path.write_text(json.dumps(envelope.to_dict()))
    ended = tool("verify-release", str(signed.dist), "--key", f"{key}.pub")
    assert ended.status == 0, ended.err
