"""Signed notes that others published: keys and what they signed."""

from __future__ import annotations

import base64
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from twinbuild.govern.keys import PrivateKey, PublicKey, read_public

__all__ = ["GO_NOTE", "GO_TEXT", "GO_VERIFIER", "REKOR_NOTE", "REKOR_VERIFIER", "go_key", "verifier"]

# Of the tests of golang.org/x/mod/sumdb/note (note_test.go).
GO_VERIFIER: Final = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
_GO_SIGNER: Final = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT: Final = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_NOTE: Final = (
    f"{GO_TEXT}\n\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()
# A checkpoint of the public log of Sigstore, with its key (ECDSA P-256).
REKOR_VERIFIER: Final = (
    "rekor.sigstore.dev+c0d23d6a+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtmPtrWm3U1eQXBogSMdGvXwBcK5AW5i0hrZLOC96l+smGNM7nw"
    "Z4QvFK/4sueRoVj//QP22Ni4Qt9DPfkWLc="
)
REKOR_NOTE: Final = (
    "rekor.sigstore.dev - 2605736670972794746\n90244708\nCOSIc1jqxpbuuTChPdiTqtZBBve7GAVJqTYjqAaM940=\n\n"
    "\u2014 rekor.sigstore.dev wNI9ajBEAiAkKWVCpp/N5yF/GlQkAyKQxUsjc3Vpu04YyALJvrBsvAIgcZfXJsJdwLdgUAWwnekWg8YXS4gfz/DM"
    "1wVhhcouJBE=\n"
).encode()


def verifier(text: str) -> tuple[str, PublicKey]:
    """Name and key of NAME+ID+BASE64."""
    name, _, encoded = text.split("+", 2)
    content = base64.b64decode(encoded)
    key = Ed25519PublicKey.from_public_bytes(content[1:]) if content[0] == 1 else load_der_public_key(content[1:])
    return name, read_public(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), name=name)


def go_key() -> PrivateKey:
    """The private key of ``GO_NOTE``, which is published."""
    return PrivateKey(Ed25519PrivateKey.from_private_bytes(base64.b64decode(_GO_SIGNER.split("+", 4)[4])[1:]))
