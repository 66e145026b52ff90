"""Base64url without padding (RFC 7515, 2), with one spelling for each text."""

from __future__ import annotations

import base64
import binascii

__all__ = ["decode_url64", "encode_url64"]


def encode_url64(content: bytes) -> str:
    """The text."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def decode_url64(value: object) -> bytes | None:
    """The bytes; None for anything that ``encode_url64`` does not write."""
    if not isinstance(value, str):
        return None
    try:
        content = base64.urlsafe_b64decode(value.encode("ascii") + b"=" * (-len(value) % 4))
    except (binascii.Error, UnicodeEncodeError):
        return None
    return content if encode_url64(content) == value else None
