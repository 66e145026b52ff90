"""``images.KEYID.json``: one key's signatures of the images of a release, each with the text that it signs.

The texts are cosign's (``describe.simplesigning``). Reading is strict, as that of DSSE envelopes is; what is returned
has been read, not believed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.codec.standard64 import decode_base64, encode_base64
from twinbuild.errors import Location, PolicyRefused

__all__ = ["ImageSignature", "decode_image_signatures", "encode_image_signatures"]

_LARGEST: Final = 16 << 20  # bytes of a file
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
    if len(content) > _LARGEST:
        raise _refused(name, f"it has more than {_LARGEST} bytes")
    if content.startswith(b"\xef\xbb\xbf"):
        raise _refused(name, "it begins with a byte order mark")
    try:
        value, _ = parse_json(name, content)
    except JsonProblem as problem:
        raise _refused(name, problem.message) from None
    stated = value.get("signatures") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(stated, list) or len(stated) > _MOST:
        raise _refused(name, f"expected an object with a list of at most {_MOST} signatures, and nothing else")
    return tuple(_signature(each, name) for each in stated)


def _signature(value: object, name: str) -> ImageSignature:
    if isinstance(value, dict) and set(value) == {"payload", "sig"}:
        payload, sig = decode_base64(value["payload"]), decode_base64(value["sig"])
        if payload is not None and sig is not None:
            return ImageSignature(payload=payload, sig=sig)
    raise _refused(name, "expected signatures with payload and sig in base64 (RFC 4648, 4), and nothing else")


def _refused(name: str, why: str) -> PolicyRefused:
    return PolicyRefused.of(
        "TB8611",
        f"{name} is no list of signatures of images: {why}",
        hint="take the release from where it was signed again",
        where=Location(file=name),
    )
