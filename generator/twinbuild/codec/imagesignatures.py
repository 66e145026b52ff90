"""``images.KEYID.json``: one key's signatures of the images of a release, each with the text that it signs.

The texts are cosign's (``describe.simplesigning``). Reading is strict, as that of DSSE envelopes is; what is returned
has been read, not believed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.signaturefile import SignatureFile
from twinbuild.codec.standard64 import encode_base64

__all__ = ["ImageSignature", "decode_image_signatures", "encode_image_signatures"]

_MOST: Final = 10_000  # signatures: images times repositories


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSignature:
    """What is said of one image in one repository, and the signature of these bytes."""

    payload: bytes
    sig: bytes


def encode_image_signatures(signatures: tuple[ImageSignature, ...]) -> bytes:
    """The file. ``decode_image_signatures`` gives the same value back."""
    listed = [{"payload": encode_base64(each.payload), "sig": encode_base64(each.sig)} for each in signatures]
    return (json.dumps({"signatures": listed}, indent=1) + "\n").encode()


def decode_image_signatures(content: bytes, *, name: str) -> tuple[ImageSignature, ...]:
    """The signatures of a file, in its order. Raises PolicyRefused TB8611 for anything else."""
    file = SignatureFile(name=name, kind="list of signatures of images")
    value = file.value(content)
    stated = value.get("signatures") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(stated, list) or len(stated) > _MOST:
        raise file.refused(f"expected an object with a list of at most {_MOST} signatures, and nothing else")
    return tuple(_signature(each, file) for each in stated)


def _signature(value: object, file: SignatureFile) -> ImageSignature:
    if not isinstance(value, dict) or set(value) != {"payload", "sig"}:
        raise file.refused("expected signatures with payload and sig, and nothing else")
    return ImageSignature(payload=file.bytes_of(value["payload"]), sig=file.bytes_of(value["sig"]))
