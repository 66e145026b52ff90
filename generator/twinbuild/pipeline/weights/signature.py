"""Signatures of the weights, ``signatures/model.KEYID.sig``, which ``model_signing verify key`` reads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from twinbuild.codec.dsse import IN_TOTO, pae
from twinbuild.codec.modelsignature import ModelSignature, decode_model_signature, encode_model_signature
from twinbuild.describe.modelsigning import artifact_paths, model_statement, signed_files
from twinbuild.errors import Finding, IntegrityError, Location, PolicyRefused
from twinbuild.govern.keys import PublicKey
from twinbuild.govern.signer import Signer
from twinbuild.pipeline.observed import SIGNATURES
from twinbuild.pipeline.reading.attested import MODEL, read_signature
from twinbuild.pipeline.reading.released import Released

__all__ = ["check_weights", "sign_weights", "signs_weights"]

_AGAIN = "take the release from where it was signed again"


def signs_weights(release: Released, key: PublicKey) -> bool:
    """Whether a key signs a release's model: model-signing takes ECDSA alone, and a release may have no model."""
    return key.kind == "ecdsa" and bool(artifact_paths(release.document)[1])


def sign_weights(release: Released, signer: Signer) -> bytes | None:
    """The bundle that signs a release's model; None for a release without one, and for a key of Ed25519."""
    statement = model_statement(release.document)
    if statement is None or not signs_weights(release, signer.public):
        return None
    return encode_model_signature(
        ModelSignature(
            payload=statement,
            hint=_hint(signer.public),
            keyid=signer.public.keyid,
            sig=signer.sign(pae(IN_TOTO, statement)),
        )
    )


def check_weights(directory: Path, release: Released, known: Mapping[str, PublicKey]) -> None:
    """Hold the signatures of the weights by the given keys: each is good, and of this release's files.

    What model-signing wrote itself counts as what ``sign_weights`` writes: files and digests decide.
    Raises PolicyRefused TB8660, TB8611, and TB8617 for one that is not by its key; IntegrityError TB8661.
    """
    _, artifacts = artifact_paths(release.document)
    expected = {path: each["sha256"] for path, each in artifacts.items()}
    for path in sorted((directory / SIGNATURES).iterdir()):
        match = MODEL.fullmatch(path.name)
        key = known.get(match[1]) if match is not None else None
        if key is None:
            continue
        name = f"{SIGNATURES}/{path.name}"
        signature = decode_model_signature(read_signature(path), name=name)
        named = signature.hint == _hint(key) and signature.keyid in ("", key.keyid)
        if not named or not key.verifies(pae(IN_TOTO, signature.payload), signature.sig):
            raise PolicyRefused.of(
                "TB8617",
                f"{name}: the signature in the name of key {key.keyid} is not by this key, or of another text",
                hint=_AGAIN,
                where=Location(file=name),
            )
        findings = _differing(name, signed_files(signature.payload), expected)
        if findings:
            raise IntegrityError(findings)


def _differing(name: str, signed: Mapping[str, str] | None, expected: Mapping[str, str]) -> tuple[Finding, ...]:
    if signed is None:
        return (_finding(name, "it signs no files of a model by their SHA-256"),)
    return tuple(
        _finding(name, f"{path}: {_said(signed.get(path))} was signed, the release has {_said(expected.get(path))}")
        for path in sorted(signed.keys() | expected.keys())
        if signed.get(path) != expected.get(path)
    )


def _said(digest: str | None) -> str:
    return f"sha256:{digest}" if digest else "nothing of that name"


def _finding(name: str, message: str) -> Finding:
    return Finding(code="TB8661", message=f"{name}: {message}", hint=_AGAIN, where=Location(file=name))


def _hint(key: PublicKey) -> str:
    """What model-signing calls a key: the SHA-256 of its PEM."""
    return hashlib.sha256(key.pem).hexdigest()
